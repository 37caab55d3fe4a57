// Memory that belongs to no process's heap: a memfd's pages.
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(memory_memfd, 1, "MEBIBYTES") {
  static char block[1 << 20];
  const long wanted = guest::number_at(args, 0);
  const int fd = memfd_create("bomb", MFD_CLOEXEC);
  if (fd < 0) return guest::contained("memfd_create");
  for (long i = 0; i < wanted; ++i) {
    if (write(fd, block, sizeof block) != static_cast<ssize_t>(sizeof block)) {
      return guest::contained("write to the memfd");
    }
  }
  return guest::escaped("no limit stopped %ld MiB of memfd", wanted);
}
