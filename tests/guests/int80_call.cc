// The 32-bit gate has numbers of its own: 20 is getpid there and writev here.
#include "guest.h"

CORDON_GUEST(int80_call, 0, "") {
#if defined(__x86_64__)
  long result = 20;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return guest::escaped("a 32-bit call was let through to the kernel (%ld)", result);
#else
  errno = ENOSYS;
  return guest::contained("no 32-bit gate on this machine");
#endif
}
