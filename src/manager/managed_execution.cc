#include "manager/managed_execution.h"

#include <utility>

namespace cordon {

namespace {

using Clock = std::chrono::system_clock;

std::unexpected<Error> no_stdin(std::string_view id, std::string detail) {
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = "write to the stdin of execution",
                               .subject = std::string(id),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

}  // namespace

ManagedExecution::ManagedExecution(std::string id, Caller caller, PreparedRequest prepared,
                                   std::optional<StdinChannel> input)
    : id_(std::move(id)),
      caller_(std::move(caller)),
      log_(prepared.request.execution.policy.limits.output_bytes.value_or(0)),
      adjustments_(std::move(prepared.adjustments)),
      backend_(prepared.backend->name()),
      tier_(prepared.backend->tier()),
      input_(std::move(input)) {
  const ManagedRequest& request = prepared.request;
  description_.id = id_;
  description_.caller = caller_.name;
  description_.command = request.execution.command;
  description_.arguments = request.arguments;
  if (request.arguments == ArgumentsKept::Yes) description_.args = request.execution.args;
  if (!prepared.private_work_dir) description_.work_dir = request.execution.work_dir;
  description_.trace = request.trace;
  description_.created = created_;
  prepared_ = std::move(prepared);
  ExecutionResult pending;
  identify(pending);
  result_ = std::make_shared<const ExecutionResult>(std::move(pending));
  log_.status(ExecutionStatus::Pending);
}

bool ManagedExecution::visible_to(const Caller& caller) const {
  return caller.role == CallerRole::Administrator || caller.name == caller_.name;
}

void ManagedExecution::identify(ExecutionResult& result) const {
  result.id = id_;
  result.tier = tier_;
  result.backend = backend_;
  result.adjustments = adjustments_;
}

ExecutionRecord ManagedExecution::record_with(const ExecutionResult& now) const {
  ExecutionRecord record = description_;
  record.stdout_bytes = log_.size(Stream::Stdout);
  record.stderr_bytes = log_.size(Stream::Stderr);
  ExecutionResult& result = record.result;
  result.id = now.id;
  result.status = now.status;
  result.exit_code = now.exit_code;
  result.signal = now.signal;
  result.limit_hit = now.limit_hit;
  result.stdout_truncated = now.stdout_truncated;
  result.stderr_truncated = now.stderr_truncated;
  result.start_time = now.start_time;
  result.end_time = now.end_time;
  result.duration = now.duration;
  result.resource_usage = now.resource_usage;
  result.error = now.error;
  result.tier = now.tier;
  result.backend = now.backend;
  result.guarantees = now.guarantees;
  result.adjustments = now.adjustments;
  return record;
}

void ManagedExecution::running() {
  auto result = std::make_shared<ExecutionResult>();
  identify(*result);
  result->status = ExecutionStatus::Running;
  result->start_time = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  }
  log_.status(ExecutionStatus::Running);
}

SharedResult ManagedExecution::collect(ExecutionResult result) {
  identify(result);
  final_ = log_.collect(std::move(result));
  return final_;
}

void ManagedExecution::finish() {
  std::vector<std::function<void(const SharedResult&)>> callbacks;
  std::optional<PreparedRequest> prepared;  // freed outside the lock
  {
    const std::lock_guard lock(mutex_);
    result_ = final_;
    ended_ = true;
    callbacks.swap(callbacks_);
    prepared.swap(prepared_);
    input_.reset();
    changed_.notify_all();
  }
  log_.end();
  for (const auto& callback : callbacks) callback(final_);
}

SharedResult ManagedExecution::snapshot() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

bool ManagedExecution::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

SharedResult ManagedExecution::wait() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
  return result_;
}

void ManagedExecution::on_finished(std::function<void(const SharedResult&)> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  callback(final_);
}

Result<std::size_t> ManagedExecution::write_stdin(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (ended_) return no_stdin(id_, "it has ended");
  if (!input_) return no_stdin(id_, "its request did not ask for a stdin that stays open");
  return input_->write(bytes);
}

Result<void> ManagedExecution::close_stdin() {
  const std::lock_guard lock(mutex_);
  if (ended_) return no_stdin(id_, "it has ended");
  if (!input_) return no_stdin(id_, "its request did not ask for a stdin that stays open");
  input_->close();
  return {};
}

void ManagedExecution::set_recorded(Recorded recorded) {
  const std::lock_guard lock(mutex_);
  recorded_ = recorded;
  changed_.notify_all();
}

bool ManagedExecution::await_recorded() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return recorded_ != Recorded::NotYet; });
  return recorded_ == Recorded::Yes;
}

void ManagedExecution::give_turn() {
  const std::lock_guard lock(mutex_);
  has_turn_ = true;
  changed_.notify_all();
}

bool ManagedExecution::await_turn() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return has_turn_ || ended_; });
  return has_turn_;
}

}  // namespace cordon
