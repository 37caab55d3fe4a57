// Stalls the kernel in the middle of a copy: half of many exploits.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(userfaultfd_open, 0, "") {
  return guest::reached("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | 1));
}
