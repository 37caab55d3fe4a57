// The caller's terminal while the command has one of its own (--tty).
#pragma once

#include <termios.h>

#include <optional>

#include "cordon/backend.h"

namespace cordon::cli {

// The destructor gives the terminal back as it was. Without a terminal on standard input there is
// nothing to change, and every call is a no-op.
class CallerTerminal {
 public:
  explicit CallerTerminal(int input_fd) : input_fd_(input_fd) {}
  CallerTerminal(const CallerTerminal&) = delete;
  CallerTerminal& operator=(const CallerTerminal&) = delete;
  ~CallerTerminal() { restore(); }

  // Every key goes to the command, unread. Not from the background: the terminal is the shell's
  // then.
  void make_raw();
  void restore();
  // As wide and high as the screen that is seen; 24 x 80 where there is none.
  TerminalSize size() const;

 private:
  int input_fd_;
  std::optional<termios> before_;  // set while the terminal is raw
};

}  // namespace cordon::cli
