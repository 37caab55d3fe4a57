// The kernel looks at 32 bits of the request, a careless filter compares 64.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(tiocsti_high_bits, 0, "") {
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) fd = 0;
  return guest::verdict("TIOCSTI with high bits",
                        syscall(SYS_ioctl, fd, 0x1'0000'0000UL | TIOCSTI, "x"));
}
