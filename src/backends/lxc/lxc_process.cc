#include "lxc/lxc_process.h"

#include <csignal>

#include "core/try.h"

namespace cordon::lxc {

LxcProcess::LxcProcess(std::shared_ptr<OwnInstance> instance,
                       std::unique_ptr<CommandStreams> streams, ProcessEnds ends,
                       linux_os::ControlGroups groups, bool file_sizes_bounded)
    : BridgedProcess(std::move(ends), file_sizes_bounded),
      instance_(std::move(instance)),
      streams_(std::move(streams)),
      groups_(std::move(groups)) {}

LxcProcess::~LxcProcess() {
  if (!streams_->ended()) kill();
}

int LxcProcess::exit_fd() const { return streams_->exit_fd(); }

Result<ProcessEnd> LxcProcess::wait() {
  if (instance_) instance_->note_end();
  if (instance_ && instance_->kept()) return ProcessEnd{};
  // The instance stays until it has been looked at.
  return end_of(TRY(streams_->exit_code()), linux_os::count(groups_));
}

Result<void> LxcProcess::signal(int number) {
  streams_->signal(number);
  return {};
}

void LxcProcess::kill() {
  streams_->expect_end();
  // With the command everything that it started ends: by the instance's init, or with its PID
  // namespace.
  streams_->signal(SIGKILL);
}

Result<void> LxcProcess::resize(TerminalSize size) {
  streams_->resize(size);
  return {};
}

}  // namespace cordon::lxc
