// A socket of a family that ordinary programs do not need.
#include <sys/socket.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(socket_family, 1, "alg|vsock|packet|audit|netfilter|raw|bluetooth|can|inet") {
  struct Family {
    const char* name;
    int domain, type, protocol;
  };
  static constexpr Family kFamilies[] = {
      {"alg", AF_ALG, SOCK_SEQPACKET, 0},       {"vsock", AF_VSOCK, SOCK_STREAM, 0},
      {"packet", AF_PACKET, SOCK_RAW, 0},       {"audit", AF_NETLINK, SOCK_RAW, 9},
      {"netfilter", AF_NETLINK, SOCK_RAW, 12},  {"raw", AF_INET, SOCK_RAW, 1},
      {"bluetooth", AF_BLUETOOTH, SOCK_RAW, 1}, {"can", AF_CAN, SOCK_RAW, 1},
      {"inet", AF_INET, SOCK_STREAM, 0},
  };
  for (const Family& family : kFamilies) {
    if (std::strcmp(family.name, args[0]) != 0) continue;
    return guest::verdict(family.name, socket(family.domain, family.type, family.protocol));
  }
  errno = EINVAL;
  return guest::broken("no such family");
}
