#include "lxc/lxc_process.h"

#include <csignal>

#include "core/try.h"

namespace cordon::lxc {

namespace {

// As a shell and the stores report a signal.
constexpr int kSignalBase = 128;

int wait_status_of_exit(int code) { return (code & 0xff) << 8; }

}  // namespace

LxcProcess::LxcProcess(std::shared_ptr<OwnInstance> instance, std::unique_ptr<ExecStreams> streams,
                       ProcessEnds ends, ControlGroups groups, bool file_sizes_bounded)
    : instance_(std::move(instance)),
      streams_(std::move(streams)),
      ends_(std::move(ends)),
      groups_(std::move(groups)),
      terminal_(!ends_.err.valid()),
      file_sizes_bounded_(file_sizes_bounded) {}

LxcProcess::~LxcProcess() {
  if (!streams_->ended()) kill();
}

int LxcProcess::stdin_fd() const { return terminal_ ? ends_.out.get() : ends_.in.get(); }

void LxcProcess::close_stdin() { ends_.in.reset(); }

int LxcProcess::stdout_fd() const { return ends_.out.get(); }

int LxcProcess::stderr_fd() const { return ends_.err.get(); }

int LxcProcess::exit_fd() const { return streams_->exit_fd(); }

Result<ProcessEnd> LxcProcess::wait() {
  const int code = TRY(streams_->exit_code());
  ProcessEnd end;
  end.wait_status = wait_status_of_exit(code);
  // The instance stays until it has been looked at.
  const Counted counted = count(groups_);
  end.usage = counted.usage;
  if (code != 0 && counted.kills_for_memory > 0) {
    end.limit_hit = LimitKind::Memory;
    if (code == kSignalBase + SIGKILL) end.wait_status = SIGKILL;
  } else if (file_sizes_bounded_ && code == kSignalBase + SIGXFSZ) {
    end.limit_hit = LimitKind::Disk;
    end.wait_status = SIGXFSZ;
  } else if (code != 0 && counted.refused_processes > 0) {
    end.limit_hit = LimitKind::Pids;
  }
  return end;
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
