#include "cli/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace cordon::cli {

bool fill_standard_descriptors() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    // The lowest free number is the one that is missing.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return false;
  }
  return true;
}

}  // namespace cordon::cli
