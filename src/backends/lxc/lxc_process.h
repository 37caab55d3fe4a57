// The command in an instance.
#pragma once

#include <memory>

#include "lxc/command_streams.h"
#include "lxc/own_instance.h"
#include "sandbox/bridged_process.h"

namespace cordon::lxc {

class LxcProcess final : public BridgedProcess {
 public:
  // `instance`: its own, or null.
  LxcProcess(std::shared_ptr<OwnInstance> instance, std::unique_ptr<CommandStreams> streams,
             ProcessEnds ends, linux_os::ControlGroups groups, bool file_sizes_bounded);
  ~LxcProcess() override;

  int exit_fd() const override;
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override;

 private:
  std::shared_ptr<OwnInstance> instance_;
  std::unique_ptr<CommandStreams> streams_;
  linux_os::ControlGroups groups_;  // of an instance of its own
};

}  // namespace cordon::lxc
