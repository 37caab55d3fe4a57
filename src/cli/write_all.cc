#include "cli/write_all.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "cli/exit_status.h"
#include "cordon/error.h"

namespace cordon::cli {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor made it non-blocking.
      pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&room, 1, -1) < 0 && errno != EINTR) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

int print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return 0;
  complain("cordon", system_error("write to", "standard output").message());
  return kExitCannotRun;
}

void complain(std::string_view who, std::string_view what) {
  std::string line(who);
  line += ": ";
  line += what;
  line += '\n';
  write_all(STDERR_FILENO, line);
}

}  // namespace cordon::cli
