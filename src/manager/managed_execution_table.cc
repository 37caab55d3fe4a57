#include "manager/managed_execution_table.h"

#include <ranges>
#include <utility>

namespace cordon {

void ManagedExecutionTable::add(const SharedExecution& execution) {
  const std::lock_guard lock(mutex_);
  entries_[execution->id()].execution = execution;
  ++living_;
}

void ManagedExecutionTable::drop(Entries::iterator entry, std::vector<SharedExecution>& dropped) {
  if (entry->second.ended) {
    --remembered_;
    remembered_bytes_ -= entry->second.bytes;
  } else if (--living_ == 0) {
    idle_.notify_all();
  }
  dropped.push_back(std::move(entry->second.execution));
  entries_.erase(entry);
}

void ManagedExecutionTable::ended(const ManagedExecution& execution) {
  const auto result = execution.snapshot();
  std::vector<SharedExecution> dropped;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(execution.id());
  if (entry == entries_.end() || entry->second.ended) return;
  entry->second.ended = true;
  entry->second.bytes = result->stdout_data.capacity() + result->stderr_data.capacity();
  ++remembered_;
  remembered_bytes_ += entry->second.bytes;
  ended_.push_back(execution.id());
  while (!ended_.empty() && (remembered_ > most_ || remembered_bytes_ > most_bytes_ ||
                             ended_.size() > 2 * most_ + 1)) {
    const auto oldest = entries_.find(ended_.front());
    ended_.pop_front();
    if (oldest != entries_.end()) drop(oldest, dropped);
  }
  if (--living_ == 0) idle_.notify_all();
}

void ManagedExecutionTable::remove(std::string_view id) {
  std::vector<SharedExecution> dropped;
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry != entries_.end()) drop(entry, dropped);
}

SharedExecution ManagedExecutionTable::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? nullptr : entry->second.execution;
}

std::vector<SharedExecution> ManagedExecutionTable::all() const {
  std::vector<SharedExecution> executions;
  const std::lock_guard lock(mutex_);
  executions.reserve(entries_.size());
  for (const auto& [id, entry] : std::views::reverse(entries_))
    executions.push_back(entry.execution);
  return executions;
}

std::vector<SharedExecution> ManagedExecutionTable::living() const {
  std::vector<SharedExecution> executions;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : std::views::reverse(entries_)) {
    if (!entry.ended) executions.push_back(entry.execution);
  }
  return executions;
}

bool ManagedExecutionTable::wait_until_idle(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  const auto idle = [this] { return living_ == 0; };
  if (deadline == std::chrono::steady_clock::time_point::max()) {
    idle_.wait(lock, idle);
    return true;
  }
  return idle_.wait_until(lock, deadline, idle);
}

}  // namespace cordon
