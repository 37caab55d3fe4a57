// The x32 bit reaches a second system call table that a filter on numbers alone does not know.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(x32_call, 0, "") {
#if defined(__x86_64__)
  long result = 0;
  asm volatile("syscall" : "=a"(result) : "a"(0x40000000L | SYS_getpid) : "rcx", "r11", "memory");
  if (result < 0) {
    // ENOSYS: the kernel has no x32 table, but nothing killed the attempt.
    return guest::escaped("an x32 call was let through to the kernel (%ld)", result);
  }
  return guest::escaped("x32 getpid says %ld", result);
#else
  errno = ENOSYS;
  return guest::contained("no x32 on this machine");
#endif
}
