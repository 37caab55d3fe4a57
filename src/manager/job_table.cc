#include "manager/job_table.h"

#include <ranges>
#include <utility>

namespace cordon {

void JobTable::add(const SharedJob& job) {
  const std::lock_guard lock(mutex_);
  entries_[job->id()].job = job;
  ++living_;
}

void JobTable::drop(Entries::iterator entry, std::vector<SharedJob>& dropped) {
  if (entry->second.ended) {
    --remembered_;
    remembered_bytes_ -= entry->second.bytes;
  } else if (--living_ == 0) {
    idle_.notify_all();
  }
  dropped.push_back(std::move(entry->second.job));
  entries_.erase(entry);
}

void JobTable::ended(const Job& job) {
  const auto result = job.snapshot();
  std::vector<SharedJob> dropped;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(job.id());
  if (entry == entries_.end() || entry->second.ended) return;
  entry->second.ended = true;
  entry->second.bytes = result->stdout_data.capacity() + result->stderr_data.capacity();
  ++remembered_;
  remembered_bytes_ += entry->second.bytes;
  ended_.push_back(job.id());
  while (!ended_.empty() && (remembered_ > most_ || remembered_bytes_ > most_bytes_ ||
                             ended_.size() > 2 * most_ + 1)) {
    const auto oldest = entries_.find(ended_.front());
    ended_.pop_front();
    if (oldest != entries_.end()) drop(oldest, dropped);
  }
  if (--living_ == 0) idle_.notify_all();
}

void JobTable::remove(std::string_view id) {
  std::vector<SharedJob> dropped;
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry != entries_.end()) drop(entry, dropped);
}

SharedJob JobTable::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? nullptr : entry->second.job;
}

std::vector<SharedJob> JobTable::all() const {
  std::vector<SharedJob> jobs;
  const std::lock_guard lock(mutex_);
  jobs.reserve(entries_.size());
  for (const auto& [id, entry] : std::views::reverse(entries_)) jobs.push_back(entry.job);
  return jobs;
}

std::vector<SharedJob> JobTable::living() const {
  std::vector<SharedJob> jobs;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : std::views::reverse(entries_)) {
    if (!entry.ended) jobs.push_back(entry.job);
  }
  return jobs;
}

bool JobTable::wait_until_idle(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  const auto idle = [this] { return living_ == 0; };
  if (deadline == std::chrono::steady_clock::time_point::max()) {
    idle_.wait(lock, idle);
    return true;
  }
  return idle_.wait_until(lock, deadline, idle);
}

}  // namespace cordon
