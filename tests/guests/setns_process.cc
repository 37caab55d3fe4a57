// Joins the namespaces of another process: of the first one, say.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(setns_process, 1, "PID") {
  for (const char* name : {"mnt", "uts", "net", "ipc"}) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%s/ns/%s", args[0], name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && setns(fd, 0) == 0) return guest::escaped("joined %s", path);
  }
  return guest::contained("setns");
}
