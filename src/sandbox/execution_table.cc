#include "sandbox/execution_table.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace cordon {

Execution::Execution(std::string id, const Backend& backend)
    : id_(std::move(id)), tier_(backend.tier()), backend_(backend.name()) {
  ExecutionResult pending;
  identify(pending);
  result_ = std::make_shared<const ExecutionResult>(std::move(pending));
}

void Execution::identify(ExecutionResult& result) const {
  result.id = id_;
  result.tier = tier_;
  result.backend = backend_;
}

void Execution::running() {
  auto result = std::make_shared<ExecutionResult>();
  identify(*result);
  result->status = ExecutionStatus::Running;
  result->start_time = std::chrono::system_clock::now();
  const std::lock_guard lock(mutex_);
  result_ = std::move(result);
}

void Execution::finished(ExecutionResult result) {
  identify(result);
  auto shared = std::make_shared<const ExecutionResult>(std::move(result));
  const std::lock_guard lock(mutex_);
  result_ = std::move(shared);
  has_ended_ = true;
  ended_.notify_all();
}

std::shared_ptr<const ExecutionResult> Execution::snapshot() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

std::shared_ptr<const ExecutionResult> Execution::wait() const {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return has_ended_; });
  return result_;
}

void ExecutionTable::add(const std::shared_ptr<Execution>& execution) {
  const std::lock_guard lock(mutex_);
  entries_[execution->id()].execution = execution;
}

void ExecutionTable::remove(const Execution& execution) {
  const std::lock_guard lock(mutex_);
  entries_.erase(execution.id());
  changed_.notify_all();
}

Result<std::string> ExecutionTable::start(const std::shared_ptr<Execution>& execution,
                                          std::function<ExecutionResult()> run) {
  auto drive = [this, execution, run = std::move(run)]() mutable {
    ExecutionResult result = run();
    run = nullptr;  // the caller's callbacks are gone before the caller hears of the end
    const std::uint64_t bytes = result.stdout_data.capacity() + result.stderr_data.capacity();
    const std::string id = execution->id();
    execution->finished(std::move(result));
    finish(id, bytes);
  };
  // The new thread cannot come to its end before it stands in the table: finish() needs the lock.
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[execution->id()];
  entry.execution = execution;
  try {
    entry.thread = std::jthread(std::move(drive));
  } catch (const std::system_error& error) {
    entries_.erase(execution->id());
    return std::unexpected(
        system_error("start a thread for the execution", {}, error.code().value()));
  }
  return execution->id();
}

void ExecutionTable::finish(const std::string& id, std::uint64_t bytes) {
  // Both end outside the lock: joining waits, and freeing large results takes time.
  std::vector<std::jthread> ended;
  std::vector<std::shared_ptr<Execution>> forgotten;
  const std::lock_guard lock(mutex_);
  ended.swap(retired_);
  Entry& entry = entries_[id];
  retired_.push_back(std::move(entry.thread));
  entry.finished = true;
  entry.bytes = bytes;
  finished_.push_back(id);
  finished_bytes_ += bytes;
  while (finished_.size() > 1 &&
         (finished_.size() > kMostFinished || finished_bytes_ > kMostFinishedBytes)) {
    const auto oldest = entries_.find(finished_.front());
    finished_.pop_front();
    finished_bytes_ -= oldest->second.bytes;
    forgotten.push_back(std::move(oldest->second.execution));
    entries_.erase(oldest);
  }
  changed_.notify_all();
}

Result<std::shared_ptr<Execution>> ExecutionTable::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry != entries_.end()) return entry->second.execution;
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "find the execution",
                               .subject = std::string(id),
                               .sys_errno = 0,
                               .detail = "there is none with this id, or it was forgotten",
                               .remedy = {}});
}

void ExecutionTable::clear() {
  std::vector<std::shared_ptr<Execution>> active;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
      if (!entry.finished) active.push_back(entry.execution);
    }
  }
  // Outside the lock: a stop request runs callbacks.
  for (const auto& execution : active) execution->request_stop();

  std::vector<std::jthread> ended;
  Entries forgotten;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return std::ranges::all_of(active, [&](const auto& execution) {
        const auto entry = entries_.find(execution->id());
        return entry == entries_.end() || entry->second.finished;
      });
    });
    for (const auto& id : finished_) forgotten.insert(entries_.extract(id));
    finished_.clear();
    finished_bytes_ = 0;
    ended.swap(retired_);
  }
}

}  // namespace cordon
