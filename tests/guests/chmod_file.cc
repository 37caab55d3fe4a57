// Opens up a file's mode: no write to the file's data is needed for it.
#include <sys/stat.h>

#include "guest.h"

CORDON_GUEST(chmod_file, 1, "PATH") { return guest::verdict("chmod", chmod(args[0], 0666)); }
