#include "store/group_commit.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/try.h"

namespace cordon::store {

GroupCommit::~GroupCommit() { (void)flush(); }

Result<void> GroupCommit::commit(Write write) {
  Entry entry{.write = std::move(write), .waited_for = true, .result = {}, .changed = {}};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&entry);
  if (led_) {
    entry.changed.wait(lock, [&] { return entry.done || entry.leads; });
  } else {
    led_ = true;
    entry.leads = true;
  }
  if (!entry.done) lead(lock);
  return std::move(entry.result);
}

void GroupCommit::post(Write write) {
  auto entry = std::make_unique<Entry>();
  entry->write = std::move(write);
  const std::lock_guard lock(mutex_);
  waiting_.push_back(entry.release());
}

Result<void> GroupCommit::flush() { return commit({}); }

Result<void> GroupCommit::exclusively(const Write& work) {
  const std::lock_guard lock(database_mutex_);
  return work(database_);
}

// With the lock, and the lead.
void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  const std::vector<Entry*> group(waiting_.begin(), waiting_.end());
  waiting_.clear();
  lock.unlock();
  {
    const std::lock_guard database_lock(database_mutex_);
    commit_group(group);
  }
  std::vector<std::unique_ptr<Entry>> posted;  // freed outside the lock
  lock.lock();
  for (Entry* const entry : group) {
    if (!entry->result) ++failures_;
    if (!entry->waited_for) {
      posted.emplace_back(entry);
      continue;
    }
    entry->done = true;
    // Under the lock: its thread destroys it as soon as it can take that.
    entry->changed.notify_one();
  }
  const auto next = std::ranges::find(waiting_, true, &Entry::waited_for);
  led_ = next != waiting_.end();
  if (led_) {
    (*next)->leads = true;
    (*next)->changed.notify_one();
  }
  lock.unlock();
  posted.clear();
  lock.lock();
}

void GroupCommit::commit_group(const std::vector<Entry*>& group) {
  if (std::ranges::none_of(group, [](const Entry* entry) { return bool(entry->write); })) return;
  const auto together = database_.transaction([&]() -> Result<void> {
    for (Entry* const entry : group) {
      if (entry->write) TRY(entry->write(database_));
    }
    return {};
  });
  if (together) return;
  // One of them spoils it for all: each for itself. A write may be called twice.
  for (Entry* const entry : group) {
    if (!entry->write) continue;
    entry->result = database_.transaction([&] { return entry->write(database_); });
  }
}

std::uint64_t GroupCommit::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

}  // namespace cordon::store
