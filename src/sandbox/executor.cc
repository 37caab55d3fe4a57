#include "cordon/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"
#include "sandbox/execution_table.h"
#include "sandbox/supervise.h"
#include "sandbox/validate.h"

namespace cordon {

namespace {

// What a result keeps of each stream when the request sets no output limit.
constexpr std::uint64_t kDefaultKeptOutput = 8 << 20;

constexpr int kExitCannotRun = 125;
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;

std::string names_of(const std::vector<std::unique_ptr<Backend>>& backends) {
  std::string names;
  for (const auto& backend : backends) {
    if (!names.empty()) names += ", ";
    names += fmt::format("{} ({})", backend->name(), to_string(backend->tier()));
  }
  return names.empty() ? "none" : names;
}

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

SandboxSpec sandbox_spec(const std::string& id, const ExecutionRequest& request) {
  return {.id = id,
          .work_dir = request.work_dir,
          .policy = request.policy,
          .weaker_guarantees = request.weaker_guarantees};
}

ExecutionResult killed_before_start() {
  ExecutionResult result;
  result.status = ExecutionStatus::Killed;
  result.exit_code = 137;
  result.error = "killed on request before it started";
  result.start_time = result.end_time = std::chrono::system_clock::now();
  return result;
}

// From a sandbox to a result. `on_running` is called once the command runs.
template <class OnRunning>
Result<ExecutionResult> run(Sandbox& sandbox, const ExecutionRequest& request,
                            const std::stop_token& stop, OnRunning on_running) {
  if (stop.stop_requested()) return killed_before_start();
  const ProcessSpec spec = {
      .command = request.command,
      .args = request.args,
      .stdin_source = request.stdin_data.empty() ? StdinSource::Empty : StdinSource::Pipe,
      .terminal = {}};
  const auto process = TRY(sandbox.start(spec));
  on_running();
  const Limits& limits = request.policy.limits;
  const std::uint64_t keep = limits.output_bytes.value_or(kDefaultKeptOutput);
  auto result = TRY(
      supervise(*process, {.stdin_data = request.stdin_data,
                           .stdin_from_fd = -1,
                           .out = {.pass_to_fd = -1, .sink = request.on_stdout, .keep_bytes = keep},
                           .err = {.pass_to_fd = -1, .sink = request.on_stderr, .keep_bytes = keep},
                           .output_limit = limits.output_bytes,
                           .timeout = limits.timeout,
                           .stop = stop,
                           .wake_fd = -1,
                           .on_wake = {}}));
  result.guarantees = sandbox.guarantees();
  return result;
}

}  // namespace

struct Executor::State {
  std::vector<std::unique_ptr<Backend>> backends;
  ExecutionTable executions;
};

Executor::Executor(std::vector<std::unique_ptr<Backend>> backends)
    : state_(std::make_unique<State>()) {
  state_->backends = std::move(backends);
}

Executor::Executor(Executor&&) noexcept = default;

Executor& Executor::operator=(Executor&& other) noexcept {
  if (this != &other) {
    if (state_) cleanup();
    state_ = std::move(other.state_);
  }
  return *this;
}

Executor::~Executor() {
  if (state_) cleanup();
}

Result<ExecutionResult> Executor::execute(const ExecutionRequest& request, std::stop_token stop) {
  TRY(validate(request));
  Backend* backend = TRY(select(request));
  const auto execution = std::make_shared<Execution>(TRY(make_id()), *backend);
  state_->executions.add(execution);
  const Cleanup remove([&] { state_->executions.remove(*execution); });
  const std::stop_callback forward(std::move(stop), [&] { execution->request_stop(); });

  const auto sandbox = TRY(backend->create(sandbox_spec(execution->id(), request)));
  auto result = TRY(run(*sandbox, request, execution->stop_token(), [&] { execution->running(); }));
  execution->identify(result);
  return result;
}

Result<std::string> Executor::start(ExecutionRequest request) {
  TRY(validate(request));
  Backend* backend = TRY(select(request));
  const auto execution = std::make_shared<Execution>(TRY(make_id()), *backend);
  auto sandbox = TRY(backend->create(sandbox_spec(execution->id(), request)));
  return state_->executions.start(
      execution, [execution, sandbox = std::shared_ptr<Sandbox>(std::move(sandbox)),
                  request = std::move(request)]() mutable {
        auto result =
            run(*sandbox, request, execution->stop_token(), [&] { execution->running(); });
        sandbox.reset();  // gone before anybody is told that it ended
        if (result) return std::move(*result);
        ExecutionResult failed;
        failed.status = ExecutionStatus::Failed;
        failed.exit_code = exit_code_of(result.error());
        failed.error = result.error().message();
        failed.end_time = std::chrono::system_clock::now();
        return failed;
      });
}

Result<ExecutionResult> Executor::status(std::string_view id) const {
  return *TRY(state_->executions.find(id))->snapshot();
}

Result<ExecutionResult> Executor::wait(std::string_view id) const {
  return *TRY(state_->executions.find(id))->wait();
}

Result<void> Executor::kill(std::string_view id) {
  TRY(state_->executions.find(id))->request_stop();
  return {};
}

void Executor::cleanup() { state_->executions.clear(); }

bool Executor::is_supported() const {
  return std::ranges::any_of(state_->backends,
                             [](const auto& backend) { return backend->supported().has_value(); });
}

std::string Executor::support_reason() const {
  std::string reasons;
  for (const auto& backend : state_->backends) {
    const auto supported = backend->supported();
    if (supported) return {};
    if (!reasons.empty()) reasons += "; ";
    reasons += fmt::format("{}: {}", backend->name(), supported.error().message());
  }
  return reasons.empty() ? "this build has no backend" : reasons;
}

Result<Backend*> Executor::select(const ExecutionRequest& request) const {
  const auto& backends = state_->backends;
  std::optional<Error> refusal;
  bool known = false;
  for (const auto& backend : backends) {
    if (!request.backend.empty() && backend->name() != request.backend) continue;
    known = true;
    if (request.tier && backend->tier() != *request.tier) continue;
    auto supported = backend->supported();
    if (supported) return backend.get();
    if (!refusal) refusal = std::move(supported).error().in(backend->name());
  }
  if (refusal) return std::unexpected(std::move(*refusal));
  const auto there_is = fmt::format("there is {}", names_of(backends));
  if (!request.backend.empty() && !known) {
    return std::unexpected(
        invalid_argument("choose the backend", fmt::format("\"{}\"", request.backend), there_is));
  }
  if (request.tier) {
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "choose a backend of tier",
                                 .subject = std::string(to_string(*request.tier)),
                                 .sys_errno = 0,
                                 .detail = there_is,
                                 .remedy = {}});
  }
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "choose a backend",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "this build has none",
                               .remedy = {}});
}

}  // namespace cordon
