// Appends to a file that exists.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(write_file, 1, "PATH") {
  const int fd = open(args[0], O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return guest::contained(args[0]);
  if (write(fd, "guest was here\n", 15) != 15) return guest::contained(args[0]);
  return guest::escaped("wrote %s", args[0]);
}
