// Gives a protected file a second, allowed name and writes through it.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(hard_link, 2, "TARGET LINK") {
  if (link(args[0], args[1]) < 0) return guest::contained("link");
  const int fd = open(args[1], O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return guest::contained("open the link");
  if (write(fd, "guest was here\n", 15) != 15) return guest::contained("write the link");
  return guest::escaped("wrote %s through %s", args[0], args[1]);
}
