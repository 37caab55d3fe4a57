// modify_ldt: rarely used, and a source of kernel bugs.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(local_descriptor_table, 0, "") {
#ifdef SYS_modify_ldt
  char bytes[64];
  return guest::reached("modify_ldt", syscall(SYS_modify_ldt, 0, bytes, sizeof bytes));
#else
  errno = ENOSYS;
  return guest::contained("modify_ldt");
#endif
}
