// Between a command's streams, which come and go in websockets of the store, and the pipes that a
// Process shows. A thread of its own moves the bytes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "core/unique_fd.h"
#include "lxc/store.h"
#include "sandbox/bridged_streams.h"

namespace cordon::lxc {

// At most one piece of output (64 KiB) and one of input are held in memory: whoever does not read
// stops the command. Thread-safe.
class ExecStreams {
 public:
  static Result<std::unique_ptr<ExecStreams>> start(const std::string& socket, ExecHandle handle,
                                                    BridgeEnds ends);
  ExecStreams(const ExecStreams&) = delete;
  ExecStreams& operator=(const ExecStreams&) = delete;
  ~ExecStreams();

  // Waits for the line of the program inside that says whether the walls stand, which is then no
  // output. Errors: NotFound, PermissionDenied: the command; Unsupported: a wall.
  Result<void> await_ready(std::chrono::milliseconds patience);

  // Readable once the command has ended and all of its output is in the pipes, or once nothing more
  // is to be expected of the store.
  int exit_fd() const;
  bool ended() const;
  // Valid when exit_fd() is readable: 128 + number for a signal. Errors: the store went away.
  Result<int> exit_code() const;

  // To the command alone.
  void signal(int number);
  void resize(TerminalSize size);
  // The command is being killed: output that nobody reads is not waited for, and the end not for
  // ever.
  void expect_end();

 private:
  class Bridge;
  explicit ExecStreams(std::unique_ptr<Bridge> bridge);
  std::unique_ptr<Bridge> bridge_;
};

}  // namespace cordon::lxc
