#include "cordon/executor.h"

#include <utility>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"
#include "sandbox/choose_backend.h"
#include "sandbox/execution_table.h"
#include "sandbox/run_once.h"
#include "sandbox/validate.h"

namespace cordon {

namespace {

RunOnce run_of(Execution& execution, const ExecutionRequest& request) {
  return {.request = request,
          .stop = execution.stop_token(),
          .keep_bytes = request.policy.limits.output_bytes.value_or(kDefaultKeptOutput),
          .stdin_fd = -1,
          .on_running = [&execution] { execution.running(); }};
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
  auto result = TRY(run_once(*sandbox, run_of(*execution, request)));
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
        auto result = run_once(*sandbox, run_of(*execution, request));
        sandbox.reset();  // gone before anybody is told that it ended
        return result ? std::move(*result) : failed_to_start(result.error());
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

bool Executor::is_supported() const { return any_supported(state_->backends); }

std::string Executor::support_reason() const { return why_unsupported(state_->backends); }

Result<Backend*> Executor::select(const ExecutionRequest& request) const {
  return choose_backend(state_->backends, request);
}

}  // namespace cordon
