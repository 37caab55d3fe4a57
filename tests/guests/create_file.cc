// Creates a file that does not exist yet.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(create_file, 1, "PATH") {
  const int fd = open(args[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return guest::contained(args[0]);
  if (write(fd, "guest was here\n", 15) != 15) return guest::contained(args[0]);
  return guest::escaped("created %s", args[0]);
}
