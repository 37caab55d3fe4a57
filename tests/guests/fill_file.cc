// Fills a file: on a tmpfs this is memory, elsewhere disk. Cleans up when it was not stopped.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(fill_file, 2, "PATH MEBIBYTES") {
  static char block[1 << 20];
  const long wanted = guest::number_at(args, 1);
  const int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return guest::contained("open");
  for (long i = 0; i < wanted; ++i) {
    if (write(fd, block, sizeof block) != static_cast<ssize_t>(sizeof block)) {
      return guest::contained("write");
    }
  }
  unlink(args[0]);
  return guest::escaped("no limit stopped %ld MiB in %s", wanted, args[0]);
}
