// Takes a descriptor out of another process.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(pidfd_getfd_of, 1, "PID") {
  const long process = syscall(SYS_pidfd_open, guest::number_at(args, 0), 0);
  if (process < 0) return guest::contained("pidfd_open");
  return guest::verdict("pidfd_getfd", syscall(SYS_pidfd_getfd, process, 1, 0));
}
