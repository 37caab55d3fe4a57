// With magic numbers that mean nothing: it can only be judged, never carried out.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(reboot_call, 0, "") {
  return guest::reached("reboot", syscall(SYS_reboot, 0, 0, 0, nullptr));
}
