// Climbs out of the root through its own working directory (CVE-2024-21626).
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(climb_from_cwd, 1, "FILE_BELOW_HOST_ROOT") {
  char path[4200];
  std::snprintf(path, sizeof path, "/proc/self/cwd/../../../../../../../../../../..%s", args[0]);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return guest::contained("open through ..");
  char byte;
  return guest::verdict("read a host file through ..", read(fd, &byte, 1) == 1 ? 0 : -1);
}
