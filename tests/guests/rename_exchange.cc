// Swaps two paths: the denied one gets an allowed name.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(rename_exchange, 2, "ONE OTHER") {
  return guest::verdict("renameat2 exchange", syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD,
                                                      args[1], RENAME_EXCHANGE));
}
