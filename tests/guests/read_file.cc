// Reads a file that it should not see, and shows its first bytes as the proof.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(read_file, 1, "PATH") {
  const int fd = open(args[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return guest::contained(args[0]);
  char bytes[65];
  const ssize_t count = read(fd, bytes, sizeof bytes - 1);
  if (count < 0) return guest::contained(args[0]);
  bytes[count] = 0;
  if (count == 0) {
    errno = ENODATA;  // a hidden file reads as an empty one
    return guest::contained(args[0]);
  }
  return guest::escaped("read %s: %s", args[0], bytes);
}
