// A user namespace of one's own gives every capability inside it, and with them much kernel code.
#include <sched.h>

#include "guest.h"

CORDON_GUEST(unshare_user, 0, "") {
  return guest::verdict("unshare newuser", unshare(CLONE_NEWUSER));
}
