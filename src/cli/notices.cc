#include "cli/notices.h"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "core/units.h"

namespace cordon::cli {

namespace {

std::string of_size(const std::optional<std::uint64_t>& bytes) {
  return bytes ? " of " + format_size(*bytes) : std::string();
}

// The kernel stops one process, which need not be the command.
std::string_view who_was_stopped(const ExecutionResult& result) {
  return result.signal ? "the command was stopped: it"
                       : "a process of the command was stopped: together they";
}

}  // namespace

std::string limit_notice(const ExecutionResult& result, const Limits& limits) {
  if (!result.limit_hit) return {};
  switch (*result.limit_hit) {
    case LimitKind::Memory:
      return fmt::format("{} reached the memory limit{} (--memory)", who_was_stopped(result),
                         of_size(limits.memory_bytes));
    case LimitKind::Pids:
      return fmt::format("the command was refused more processes: it reached the limit{} (--pids)",
                         limits.pids ? fmt::format(" of {}", *limits.pids) : "");
    case LimitKind::Disk: {
      // The private directories are memory, and no larger than its limit.
      const bool memory = limits.memory_bytes && limits.memory_bytes < limits.disk_bytes;
      return fmt::format("the command was stopped: it reached the disk limit{} (--{})",
                         of_size(memory ? limits.memory_bytes : limits.disk_bytes),
                         memory ? "memory" : "disk");
    }
    case LimitKind::Cpu:
      return "the command was stopped: it reached a limit of processor time of its own";
    case LimitKind::Output:
      return fmt::format("the command's output was cut: it reached the limit{} (--output-limit)",
                         of_size(limits.output_bytes));
    case LimitKind::Time:
      return fmt::format("the command was stopped: it reached the time limit{} (--timeout)",
                         limits.timeout ? " of " + format_duration(*limits.timeout) : "");
  }
  return {};
}

std::string start_failure(Error error) {
  if (error.operation != "exec") return error.message();
  error.operation.clear();
  switch (error.sys_errno) {
    case ENOENT:
      error.sys_errno = 0;
      if (error.subject.find('/') == std::string::npos) {
        error.detail = "no such program in the sandbox's PATH";
        error.remedy = "--read shows another directory, --env PATH=... has it searched";
      } else {
        error.detail = "no such program in the sandbox, or no interpreter for it";
        error.remedy = "outside the system's directories and the work directory it needs --read";
      }
      break;
    case EACCES:
      error.detail =
          "a command is a file that may be executed, not a directory, in a place that the sandbox "
          "shows";
      break;
    case ENOEXEC:
      error.remedy = "a script begins with #! and its interpreter";
      break;
    case E2BIG:
      error.detail = "its arguments and environment are larger than the kernel takes";
      error.remedy = "pass them in a file, or through --stdin";
      break;
    default:
      break;
  }
  return error.message();
}

}  // namespace cordon::cli
