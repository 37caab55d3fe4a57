// Takes a mask away to see what is beneath.
#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(umount_path, 1, "PATH") {
  return guest::verdict("umount", umount2(args[0], MNT_DETACH));
}
