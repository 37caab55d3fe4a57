// The command in an instance.
#pragma once

#include <memory>
#include <optional>

#include "cordon/backend.h"
#include "lxc/counters.h"
#include "lxc/exec_streams.h"
#include "lxc/own_instance.h"
#include "sandbox/bridged_streams.h"

namespace cordon::lxc {

class LxcProcess final : public Process {
 public:
  // `instance`: its own, or null.
  LxcProcess(std::shared_ptr<OwnInstance> instance, std::unique_ptr<ExecStreams> streams,
             ProcessEnds ends, ControlGroups groups, bool file_sizes_bounded);
  ~LxcProcess() override;

  int stdin_fd() const override;
  void close_stdin() override;
  int stdout_fd() const override;
  int stderr_fd() const override;
  int exit_fd() const override;
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override;
  std::optional<LimitKind> poll_limits() override { return std::nullopt; }

 private:
  std::shared_ptr<OwnInstance> instance_;
  std::unique_ptr<ExecStreams> streams_;
  ProcessEnds ends_;
  ControlGroups groups_;  // of an instance of its own
  bool terminal_ = false;
  bool file_sizes_bounded_ = false;
};

}  // namespace cordon::lxc
