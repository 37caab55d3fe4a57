#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "guest.h"

CORDON_GUEST(connect_tcp6, 2, "ADDRESS PORT") {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<unsigned short>(guest::number_at(args, 1)));
  if (inet_pton(AF_INET6, args[0], &address.sin6_addr) != 1) return guest::broken("address");
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return guest::contained("socket");
  return guest::verdict("connect",
                        connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}
