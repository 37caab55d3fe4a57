#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace cordon::cli {

void CallerTerminal::make_raw() {
  termios settings{};
  if (before_ || input_fd_ < 0 || ::tcgetattr(input_fd_, &settings) != 0) return;
  if (::tcgetpgrp(input_fd_) != ::getpgrp()) return;
  termios raw = settings;
  ::cfmakeraw(&raw);
  if (::tcsetattr(input_fd_, TCSANOW, &raw) == 0) before_ = settings;
}

void CallerTerminal::restore() {
  // Not TCSADRAIN: a screen that was stopped with ^S would never drain.
  if (before_) ::tcsetattr(input_fd_, TCSANOW, &*before_);
  before_.reset();
}

TerminalSize CallerTerminal::size() const {
  for (const int fd : {STDOUT_FILENO, input_fd_, STDERR_FILENO}) {
    winsize window{};
    if (fd >= 0 && ::ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_row > 0 &&
        window.ws_col > 0) {
      return {.rows = window.ws_row, .columns = window.ws_col};
    }
  }
  return {};
}

}  // namespace cordon::cli
