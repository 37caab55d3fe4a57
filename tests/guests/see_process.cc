// Is a process of that number to be seen at all?
#include <sys/stat.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(see_process, 1, "PID") {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%ld/status", guest::number_at(args, 0));
  struct stat info{};
  return guest::verdict("sees the process", stat(path, &info));
}
