#include <sys/mount.h>

#include "guest.h"

CORDON_GUEST(mount_bind, 2, "FROM TO") {
  return guest::verdict("bind mount", mount(args[0], args[1], nullptr, MS_BIND, nullptr));
}
