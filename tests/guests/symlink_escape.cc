// Plants a symbolic link inside the writable directory and opens the host's file through it.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(symlink_escape, 2, "LINK TARGET") {
  if (symlink(args[1], args[0]) < 0 && errno != EEXIST) return guest::broken("symlink");
  const int fd = open(args[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return guest::contained("open through the link");
  char byte;
  if (read(fd, &byte, 1) != 1) return guest::contained("read through the link");
  return guest::escaped("read %s through %s", args[1], args[0]);
}
