#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(add_key_session, 0, "") {
  return guest::reached("add_key",
                        syscall(SYS_add_key, "user", "guest", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
