// Becomes another user, one that owns files of its own.
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(change_uid, 0, "") { return guest::verdict("setresuid", setresuid(1234, 1234, 1234)); }
