#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(mount_tmpfs, 1, "DIR") {
  return guest::verdict("mount tmpfs", mount("tmpfs", args[0], "tmpfs", 0, nullptr));
}
