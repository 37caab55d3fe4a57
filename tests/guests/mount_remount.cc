// Makes a read-only mount writable again.
#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(mount_remount, 1, "DIR") {
  return guest::verdict("remount rw",
                        mount(nullptr, args[0], nullptr, MS_REMOUNT | MS_BIND, nullptr));
}
