// Opens a file for reading, and the descriptor once more for writing.
#include <fcntl.h>

#include <string>

#include "guest.h"

CORDON_GUEST(reopen_write, 1, "PATH") {
  const int fd = open(args[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return guest::broken(args[0]);
  const std::string again = "/proc/self/fd/" + std::to_string(fd);
  return guest::verdict("open again", open(again.c_str(), O_WRONLY | O_CLOEXEC));
}
