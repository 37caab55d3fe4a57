// Searches a file, however strange, for a text.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(find_in_file, 2, "PATH TEXT") {
  static char bytes[1 << 16];
  const int fd = open(args[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return guest::contained("open");
  std::size_t size = 0;
  for (;;) {
    const ssize_t count = read(fd, bytes + size, sizeof bytes - size);
    if (count < 0) return guest::contained("read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (memmem(bytes, size, args[1], std::strlen(args[1])) != nullptr) {
    return guest::escaped("%s holds %s", args[0], args[1]);
  }
  errno = ENODATA;
  return guest::contained("the text is not there");
}
