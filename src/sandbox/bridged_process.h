// What the Processes have in common whose command runs behind an engine's connection: the ends of
// the pipes, and what an exit status in the engine's words says.
#pragma once

#include <optional>

#include "cordon/backend.h"
#include "linux/foreign_groups.h"
#include "sandbox/bridged_streams.h"

namespace cordon {

class BridgedProcess : public Process {
 public:
  int stdin_fd() const override;
  void close_stdin() override;
  int stdout_fd() const override;
  int stderr_fd() const override;
  std::optional<LimitKind> poll_limits() override { return std::nullopt; }

 protected:
  BridgedProcess(ProcessEnds ends, bool file_sizes_bounded);

  // `exit_code` as a shell and the engines report it: a signal is 128 + its number. `wait_status`
  // where it is known.
  ProcessEnd end_of(int exit_code, const linux_os::Counted& counted,
                    std::optional<int> wait_status = {}) const;

 private:
  ProcessEnds ends_;
  bool terminal_ = false;
  bool file_sizes_bounded_ = false;
};

}  // namespace cordon
