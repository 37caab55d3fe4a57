// Opens for reading and reads nothing.
#include <fcntl.h>

#include "guest.h"

CORDON_GUEST(open_read, 1, "PATH") {
  return guest::verdict("open for reading", open(args[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}
