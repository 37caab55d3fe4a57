// Listens on a TCP port and an abstract socket, for another sandbox to find.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "guest.h"

CORDON_GUEST(listen_here, 1, "ABSTRACT_NAME") {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(args[0]);
  std::memcpy(name.sun_path + 1, args[0], size);
  const int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(local, reinterpret_cast<const sockaddr*>(&name),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size)) < 0 ||
      listen(local, 8) < 0) {
    return guest::broken("abstract socket");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int internet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned port = 0;
  if (internet >= 0 && bind(internet, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
      listen(internet, 8) == 0 &&
      getsockname(internet, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  std::printf("port %u ready\n", port);
  std::fflush(stdout);
  alarm(120);
  for (;;) pause();
}
