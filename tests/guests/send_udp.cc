// Sends one datagram. Whether it arrived, only the receiver can say.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "guest.h"

CORDON_GUEST(send_udp, 2, "ADDRESS PORT") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(guest::number_at(args, 1)));
  if (inet_pton(AF_INET, args[0], &address.sin_addr) != 1) return guest::broken("address");
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return guest::contained("socket");
  return guest::verdict(
      "sendto",
      sendto(fd, "guest", 5, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}
