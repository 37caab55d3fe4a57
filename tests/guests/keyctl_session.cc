// Asks for the session keyring's id.
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(keyctl_session, 0, "") {
  return guest::reached("keyctl",
                        syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}
