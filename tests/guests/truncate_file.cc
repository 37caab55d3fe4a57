// Empties a file without opening it: truncate(2) is a write of its own (and Landlock's third ABI).
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(truncate_file, 1, "PATH") { return guest::verdict("truncate", truncate(args[0], 0)); }
