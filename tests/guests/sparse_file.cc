// A file of a size that no disk has.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(sparse_file, 2, "PATH MEBIBYTES") {
  const int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return guest::broken("open");
  const int result = ftruncate(fd, guest::number_at(args, 1) << 20);
  const int verdict = guest::verdict("a huge sparse file", result);
  unlink(args[0]);
  return verdict;
}
