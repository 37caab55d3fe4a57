// The words of execution.h and guarantees.h, as the result's JSON and people write them.
#include "cordon/execution.h"
#include "cordon/guarantees.h"

namespace cordon {

std::string_view to_string(ExecutionStatus status) {
  switch (status) {
    case ExecutionStatus::Pending:
      return "pending";
    case ExecutionStatus::Running:
      return "running";
    case ExecutionStatus::Completed:
      return "completed";
    case ExecutionStatus::Failed:
      return "failed";
    case ExecutionStatus::Timeout:
      return "timeout";
    case ExecutionStatus::Killed:
      return "killed";
  }
  return "unknown";
}

std::string_view to_string(LimitKind limit) {
  switch (limit) {
    case LimitKind::Memory:
      return "memory";
    case LimitKind::Pids:
      return "pids";
    case LimitKind::Cpu:
      return "cpu";
    case LimitKind::Disk:
      return "disk";
    case LimitKind::Output:
      return "output";
    case LimitKind::Time:
      return "time";
  }
  return "unknown";
}

}  // namespace cordon
