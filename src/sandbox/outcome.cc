#include "sandbox/outcome.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <string>

namespace cordon {

namespace {

constexpr int kExitTimeout = 124;

std::string name_of_signal(int number) {
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? fmt::format("signal {} (SIG{})", number, name)
                         : fmt::format("signal {}", number);
}

std::string describe_limit(LimitKind limit) {
  switch (limit) {
    case LimitKind::Memory:
      return "out of memory: the command reached its memory limit";
    case LimitKind::Pids:
      return "out of processes: the command reached its limit of processes and threads";
    case LimitKind::Cpu:
      return "out of CPU time: the command reached its CPU limit";
    case LimitKind::Disk:
      return "out of disk space: the command reached its disk limit";
    case LimitKind::Output:
      return "too much output: the command reached its output limit";
    case LimitKind::Time:
      return "out of time: the command reached its time limit";
  }
  return "the command reached a limit";
}

void describe_own_end(const ProcessEnd& end, ExecutionResult& result) {
  if (WIFSIGNALED(end.wait_status)) {
    const int number = WTERMSIG(end.wait_status);
    result.status = ExecutionStatus::Failed;
    result.signal = number;
    result.exit_code = 128 + number;
    result.error = fmt::format("the command was ended by {}", name_of_signal(number));
  } else {
    result.exit_code = WEXITSTATUS(end.wait_status);
    result.status = result.exit_code == 0 ? ExecutionStatus::Completed : ExecutionStatus::Failed;
    if (result.exit_code != 0) {
      result.error = fmt::format("the command exited with status {}", result.exit_code);
    }
  }
  if (end.limit_hit && result.status == ExecutionStatus::Failed) {
    result.error = fmt::format("{} ({})", describe_limit(*end.limit_hit), result.error);
  }
}

}  // namespace

void describe_end(const ProcessEnd& end, const std::optional<Intervention>& intervention,
                  ExecutionResult& result) {
  result.resource_usage = end.usage;
  result.limit_hit = end.limit_hit;
  if (!intervention) return describe_own_end(end, result);

  result.signal = WIFSIGNALED(end.wait_status) ? WTERMSIG(end.wait_status) : SIGKILL;
  result.exit_code = 128 + SIGKILL;
  result.error = intervention->error;
  switch (intervention->reason) {
    case Intervention::Reason::Timeout:
      result.status = ExecutionStatus::Timeout;
      result.exit_code = kExitTimeout;
      result.limit_hit = LimitKind::Time;
      break;
    case Intervention::Reason::Stopped:
    case Intervention::Reason::Delivery:
      result.status = ExecutionStatus::Killed;
      break;
    case Intervention::Reason::Limit:
      result.status = ExecutionStatus::Failed;
      result.limit_hit = intervention->limit;
      if (intervention->limit) result.error = describe_limit(*intervention->limit);
      break;
  }
}

}  // namespace cordon
