#include <unistd.h>

#include "guest.h"

CORDON_GUEST(unlink_file, 1, "PATH") { return guest::verdict("unlink", unlink(args[0])); }
