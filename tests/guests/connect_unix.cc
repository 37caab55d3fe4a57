// Connects to a unix socket by path; a name that starts with @ is an abstract one.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "guest.h"

CORDON_GUEST(connect_unix, 1, "PATH|@NAME") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(args[0]);
  if (size >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return guest::broken("path");
  }
  std::memcpy(address.sun_path, args[0], size);
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return guest::contained("socket");
  return guest::verdict("connect",
                        connect(fd, reinterpret_cast<const sockaddr*>(&address),
                                static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size)));
}
