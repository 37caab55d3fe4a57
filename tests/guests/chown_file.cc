#include <unistd.h>

#include "guest.h"

CORDON_GUEST(chown_file, 1, "PATH") { return guest::verdict("chown", chown(args[0], 1, 1)); }
