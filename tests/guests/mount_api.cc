// The mount API of Linux 5.2: a filter that knows only mount(2) misses it.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(mount_api, 0, "") { return guest::verdict("fsopen", syscall(SYS_fsopen, "tmpfs", 0)); }
