// Opens for writing and writes nothing: for files where one written byte would be harm.
#include <fcntl.h>

#include "guest.h"

CORDON_GUEST(open_write, 1, "PATH") {
  return guest::verdict("open for writing", open(args[0], O_WRONLY | O_CLOEXEC));
}
