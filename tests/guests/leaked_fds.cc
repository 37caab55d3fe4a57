// Looks for descriptors that it was not meant to get.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(leaked_fds, 0, "") {
  for (int fd = 3; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    char link[64];
    char target[256];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = 0;
    return guest::escaped("descriptor %d is open: %s", fd, target);
  }
  return guest::contained("no descriptor above 2");
}
