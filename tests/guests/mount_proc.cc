// A fresh procfs has none of the masks of the old one.
#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(mount_proc, 1, "DIR") {
  return guest::verdict("mount proc", mount("proc", args[0], "proc", 0, nullptr));
}
