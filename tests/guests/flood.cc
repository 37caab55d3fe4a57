// Writes without end, or as much as it is told, without a newline.
#include <unistd.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(flood, 2, "FD MEBIBYTES") {
  static char block[1 << 16];
  std::memset(block, 'y', sizeof block);
  const int fd = static_cast<int>(guest::number_at(args, 0));
  for (long i = 0; i < guest::number_at(args, 1) * 16; ++i) {
    std::size_t done = 0;
    while (done < sizeof block) {
      const ssize_t count = write(fd, block + done, sizeof block - done);
      if (count < 0) return 3;
      done += static_cast<std::size_t>(count);
    }
  }
  return 0;
}
