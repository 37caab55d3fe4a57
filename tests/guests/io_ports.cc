#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(io_ports, 0, "") {
#ifdef SYS_iopl
  return guest::verdict("iopl", syscall(SYS_iopl, 3));
#else
  errno = ENOSYS;
  return guest::contained("iopl");
#endif
}
