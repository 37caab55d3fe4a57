#include <unistd.h>

#include "guest.h"

CORDON_GUEST(chroot_dir, 1, "DIR") { return guest::verdict("chroot", chroot(args[0])); }
