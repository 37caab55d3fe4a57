#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(request_key_user, 0, "") {
  return guest::reached("request_key",
                        syscall(SYS_request_key, "user", "guest-no-such-key", nullptr, 0));
}
