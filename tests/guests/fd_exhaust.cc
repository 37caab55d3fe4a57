// Opens descriptors until refused and says how many it got.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(fd_exhaust, 0, "") {
  long made = 0;
  while (made < 3'000'000 && open("/dev/null", O_RDONLY) >= 0) ++made;
  std::printf("opened %ld\n", made);
  return guest::contained("open");
}
