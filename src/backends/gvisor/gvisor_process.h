// The command of a running sandbox: a process of gVisor's kernel, that runsc stands for outside.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cordon/backend.h"
#include "core/unique_fd.h"
#include "gvisor/enter.h"
#include "native/native_process.h"

namespace cordon::gvisor {

class GvisorProcess final : public Process {
 public:
  // `world` is the one that `running` is in, `id` runsc's name of the container.
  static Result<std::unique_ptr<GvisorProcess>> make(native::RunningSandbox running, World world,
                                                     std::string id, std::string command);

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
  GvisorProcess(native::RunningSandbox running, UniqueFd root, World world, std::string id,
                std::string command);
  std::string log() const;

  const UniqueFd root_;  // of runsc's world, O_PATH
  const World world_;
  const std::string id_;
  const std::string command_;
  std::unique_ptr<native::NativeProcess> runsc_;
};

}  // namespace cordon::gvisor
