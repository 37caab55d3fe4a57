#include "sandbox/bridged_process.h"

#include <sys/wait.h>

#include <csignal>
#include <utility>

namespace cordon {

namespace {

constexpr int kSignalBase = 128;

int wait_status_of_exit(int code) { return (code & 0xff) << 8; }

}  // namespace

BridgedProcess::BridgedProcess(ProcessEnds ends, bool file_sizes_bounded)
    : ends_(std::move(ends)),
      terminal_(!ends_.err.valid()),
      file_sizes_bounded_(file_sizes_bounded) {}

int BridgedProcess::stdin_fd() const { return terminal_ ? ends_.out.get() : ends_.in.get(); }

void BridgedProcess::close_stdin() { ends_.in.reset(); }

int BridgedProcess::stdout_fd() const { return ends_.out.get(); }

int BridgedProcess::stderr_fd() const { return ends_.err.get(); }

ProcessEnd BridgedProcess::end_of(int exit_code, const linux_os::Counted& counted,
                                  std::optional<int> wait_status) const {
  ProcessEnd end;
  end.usage = counted.usage;
  end.wait_status = wait_status.value_or(wait_status_of_exit(exit_code));
  const auto by_signal = [&](int number) {
    if (!wait_status) return exit_code == kSignalBase + number;
    return WIFSIGNALED(*wait_status) && WTERMSIG(*wait_status) == number;
  };
  if (file_sizes_bounded_ && by_signal(SIGXFSZ)) {
    end.limit_hit = LimitKind::Disk;
    end.wait_status = SIGXFSZ;
  }
  if (counted.refused_processes > 0) end.limit_hit = LimitKind::Pids;
  if (counted.kills_for_memory > 0) {
    end.limit_hit = LimitKind::Memory;
    if (by_signal(SIGKILL)) end.wait_status = SIGKILL;
  }
  return end;
}

}  // namespace cordon
