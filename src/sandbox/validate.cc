#include "sandbox/validate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/try.h"
#include "core/units.h"
#include "policy/required_guarantees.h"

namespace cordon {

namespace {

constexpr std::uint64_t kLeastMemory = 4 << 20;
constexpr double kLeastCpus = 0.01;

std::unexpected<Error> refuse(std::string operation, std::string subject, std::string detail) {
  return std::unexpected(
      invalid_argument(std::move(operation), std::move(subject), std::move(detail)));
}

// execve(2) takes strings without NUL, each at most 32 pages long with its final one.
Result<void> check_string(std::string_view text, const std::string& operation,
                          const std::string& subject) {
  if (text.contains('\0')) return refuse(operation, subject, "it cannot contain a NUL byte");
  const long page = ::sysconf(_SC_PAGESIZE);
  const std::size_t longest = 32 * static_cast<std::size_t>(page > 0 ? page : 4096) - 1;
  if (text.size() > longest) {
    return refuse(
        operation, subject,
        fmt::format("it has {} bytes, and the kernel takes at most {}", text.size(), longest));
  }
  return {};
}

Result<void> check_environment(const EnvironmentRules& rules) {
  const auto check_name = [](const std::string& name) -> Result<void> {
    if (!name.empty() && !name.contains('=') && !name.contains('\0')) return {};
    return refuse("set the environment", fmt::format("\"{}\"", name),
                  "a variable's name is not empty and contains neither '=' nor a NUL byte");
  };
  for (const auto& name : rules.pass) TRY(check_name(name));
  for (const auto& [name, value] : rules.set) {
    TRY(check_name(name));
    TRY(check_string(value, "set the environment variable", name));
  }
  return {};
}

Result<void> check_limits(const Limits& limits) {
  const std::string operation = "limit the command";
  if (limits.memory_bytes && *limits.memory_bytes < kLeastMemory) {
    return refuse(operation, fmt::format("to {} of memory", format_size(*limits.memory_bytes)),
                  fmt::format("the least is {}", format_size(kLeastMemory)));
  }
  if (limits.cpus && !(std::isfinite(*limits.cpus) && *limits.cpus >= kLeastCpus)) {
    return refuse(operation, fmt::format("to {} CPUs", *limits.cpus),
                  fmt::format("the least is {}, a hundredth of one core", kLeastCpus));
  }
  if (limits.pids && *limits.pids == 0) {
    return refuse(operation, "to 0 processes", "the least is 1, the command itself");
  }
  if (limits.timeout && *limits.timeout <= std::chrono::nanoseconds(0)) {
    return refuse(operation, "to " + format_duration(*limits.timeout),
                  "a timeout is longer than zero");
  }
  return {};
}

}  // namespace

Result<void> validate(const ExecutionRequest& request) {
  if (request.command.empty()) return refuse("run", "", "there is no command to run");
  TRY(check_string(request.command, "run the command", {}));
  for (std::size_t i = 0; i < request.args.size(); ++i) {
    TRY(check_string(request.args[i], "pass the argument", std::to_string(i + 1)));
  }
  if (!request.work_dir.starts_with('/')) {
    return refuse("work in", fmt::format("\"{}\"", request.work_dir),
                  "the work directory must be an absolute path, such as /srv/job");
  }
  TRY(check_string(request.work_dir, "work in", {}));
  TRY(check_environment(request.policy.environment));
  for (const auto& name : request.policy.required_guarantees) TRY(check_guarantee_name(name));
  return check_limits(request.policy.limits);
}

}  // namespace cordon
