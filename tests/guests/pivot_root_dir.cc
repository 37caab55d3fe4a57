// A new root; with both names the same no directory for the old one is needed.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(pivot_root_dir, 1, "DIR") {
  return guest::reached("pivot_root", syscall(SYS_pivot_root, args[0], args[0]));
}
