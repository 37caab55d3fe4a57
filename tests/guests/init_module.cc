// With a null image: it can only be judged, never loaded.
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(init_module, 0, "") {
  return guest::reached("init_module", syscall(SYS_init_module, nullptr, 0, ""));
}
