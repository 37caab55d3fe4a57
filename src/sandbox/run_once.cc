#include "sandbox/run_once.h"

#include <chrono>

#include "core/try.h"
#include "sandbox/supervise.h"

namespace cordon {

namespace {

constexpr int kExitCannotRun = 125;
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;
constexpr int kExitKilled = 137;

// As a shell says it.
int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::NotFound:
      return kExitNotFound;
    case ErrorCode::PermissionDenied:
      return kExitNotExecutable;
    default:
      return kExitCannotRun;
  }
}

}  // namespace

SandboxSpec sandbox_spec(const std::string& id, const ExecutionRequest& request) {
  return {.id = id,
          .work_dir = request.work_dir,
          .policy = request.policy,
          .weaker_guarantees = request.weaker_guarantees,
          .image = request.image};
}

Result<ExecutionResult> run_once(Sandbox& sandbox, const RunOnce& run) {
  const ExecutionRequest& request = run.request;
  if (run.stop.stop_requested()) {
    return killed_before_start("killed on request before it started");
  }
  const bool has_input = !request.stdin_data.empty() || run.stdin_fd >= 0;
  const ProcessSpec spec = {.command = request.command,
                            .args = request.args,
                            .stdin_source = has_input ? StdinSource::Pipe : StdinSource::Empty,
                            .terminal = {},
                            .watch = Watch::Nothing};
  const auto process = TRY(sandbox.start(spec));
  if (run.on_running) run.on_running();
  const Limits& limits = request.policy.limits;
  auto result = TRY(supervise(*process, {.stdin_data = request.stdin_data,
                                         .stdin_from_fd = run.stdin_fd,
                                         .out = {.pass_to_fd = run.stdout_fd,
                                                 .sink = request.on_stdout,
                                                 .keep_bytes = run.keep_bytes},
                                         .err = {.pass_to_fd = run.stderr_fd,
                                                 .sink = request.on_stderr,
                                                 .keep_bytes = run.keep_bytes},
                                         .output_limit = limits.output_bytes,
                                         .timeout = limits.timeout,
                                         .stop = run.stop,
                                         .wake_fd = -1,
                                         .on_wake = {}}));
  result.guarantees = sandbox.guarantees();
  return result;
}

ExecutionResult killed_before_start(std::string_view reason) {
  ExecutionResult result;
  result.status = ExecutionStatus::Killed;
  result.exit_code = kExitKilled;
  result.error = reason;
  result.start_time = result.end_time = std::chrono::system_clock::now();
  return result;
}

ExecutionResult failed_to_start(const Error& error) {
  ExecutionResult result;
  result.status = ExecutionStatus::Failed;
  result.exit_code = exit_code_of(error);
  result.error = error.message();
  result.end_time = std::chrono::system_clock::now();
  return result;
}

}  // namespace cordon
