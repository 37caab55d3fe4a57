// Signals that the caller, or the terminal, sends to `cordon run`: they belong to the command.
#pragma once

#include <optional>

#include "cli/terminal.h"
#include "cordon/backend.h"
#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::cli {

class Interruptions {
 public:
  // From here on signals wait in a descriptor: one that comes while the sandbox is being built ends
  // it in order. What the caller ignores (nohup, a background job) stays ignored.
  static Result<Interruptions> catch_signals();

  // Readable when there is something to handle.
  int fd() const { return signals_.get(); }
  // The first signal that asks for the end is passed on, and the command has two seconds; the
  // second one, or the end of these seconds, kills the sandbox.
  void handle(Process& process, CallerTerminal& terminal);
  // The signal for which the sandbox was killed.
  std::optional<int> killed_for() const { return killed_for_; }
  // The first signal that asked for the end.
  std::optional<int> requested() const { return requested_; }

 private:
  void end(Process& process, int number);

  UniqueFd signals_;
  std::optional<int> requested_;
  std::optional<int> killed_for_;
};

}  // namespace cordon::cli
