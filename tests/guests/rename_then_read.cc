// Gives the directory above a denied file a new name, and reads the file under the new path.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(rename_then_read, 3, "DIR NEWDIR FILE_IN_NEWDIR") {
  if (std::rename(args[0], args[1]) < 0) return guest::contained("rename the parent");
  const int fd = open(args[2], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return guest::contained("open under the new name");
  char byte;
  if (read(fd, &byte, 1) != 1) return guest::contained("read under the new name");
  return guest::escaped("read %s", args[2]);
}
