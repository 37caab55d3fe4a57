// The command of a running sandbox: a process of gVisor's kernel, that runsc stands for outside.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cordon/backend.h"
#include "core/unique_fd.h"
#include "native/native_process.h"

namespace cordon::gvisor {

class GvisorProcess final : public Process {
 public:
  static Result<std::unique_ptr<GvisorProcess>> make(native::RunningSandbox running,
                                                     std::string command);

  int stdin_fd() const override { return runsc_->stdin_fd(); }
  void close_stdin() override { runsc_->close_stdin(); }
  int stdout_fd() const override { return runsc_->stdout_fd(); }
  int stderr_fd() const override { return runsc_->stderr_fd(); }
  int exit_fd() const override { return runsc_->exit_fd(); }
  // Errors: those of runsc, where it did not get so far as to run the command.
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override { return runsc_->resize(size); }
  std::optional<LimitKind> poll_limits() override { return runsc_->poll_limits(); }

 private:
  GvisorProcess(native::RunningSandbox running, UniqueFd world, std::string command);
  std::string last_error() const;

  UniqueFd world_;  // the root of runsc's world, O_PATH
  std::string command_;
  std::unique_ptr<native::NativeProcess> runsc_;
};

}  // namespace cordon::gvisor
