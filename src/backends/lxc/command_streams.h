// How a command in an instance is reached once it runs.
#pragma once

#include <chrono>

#include "cordon/backend.h"
#include "cordon/error.h"

namespace cordon::lxc {

// Thread-safe, but for await_ready().
class CommandStreams {
 public:
  CommandStreams() = default;
  CommandStreams(const CommandStreams&) = delete;
  CommandStreams& operator=(const CommandStreams&) = delete;
  virtual ~CommandStreams() = default;

  // Waits for the line of the program inside that says whether the walls stand, which is then no
  // output. Errors: NotFound, PermissionDenied: the command; Unsupported: a wall.
  virtual Result<void> await_ready(std::chrono::milliseconds patience) = 0;

  // Readable once the command has ended and all of its output is in the pipes, or once nothing more
  // is to be expected.
  virtual int exit_fd() const = 0;
  virtual bool ended() const = 0;
  // Valid when exit_fd() is readable: 128 + number for a signal. Errors: who ran it went away.
  virtual Result<int> exit_code() const = 0;

  // To the command alone; SIGKILL ends everything that it started, too.
  virtual void signal(int number) = 0;
  virtual void resize(TerminalSize size) = 0;
  // The command is being killed: output that nobody reads is not waited for, and the end not for
  // ever.
  virtual void expect_end() = 0;
};

}  // namespace cordon::lxc
