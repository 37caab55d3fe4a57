// The classic: a user namespace, then a mount over a mask.
#include <sched.h>
#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(unshare_user_mount, 1, "DIR") {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return guest::contained("unshare");
  return guest::verdict("mount in a user namespace", mount("tmpfs", args[0], "tmpfs", 0, nullptr));
}
