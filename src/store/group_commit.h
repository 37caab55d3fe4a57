// One transaction for all writes that wait at the same time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "cordon/error.h"
#include "store/database.h"

namespace cordon::store {

using Write = std::function<Result<void>(Database&)>;

// Thread-safe. No thread of its own: whoever comes first commits for all that wait by then, and
// those that come meanwhile are the next group. A single writer never waits for another thread.
class GroupCommit {
 public:
  explicit GroupCommit(Database& database) : database_(database) {}
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // Returns when the write is committed: it then outlives this process, however it ends. Writes of
  // one group succeed and fail each for itself.
  Result<void> commit(Write write);
  // To be committed with the next group, after what was handed in before.
  void post(Write write);
  // Commits what was posted.
  Result<void> flush();
  // The database between two groups, for what is no write of a group.
  Result<void> exclusively(const Write& work);

  std::uint64_t failures() const;

 private:
  struct Entry {
    Write write;
    bool waited_for = false;
    bool done = false;
    bool leads = false;
    Result<void> result;
    std::condition_variable changed;
  };

  void lead(std::unique_lock<std::mutex>& lock);
  void commit_group(const std::vector<Entry*>& group);

  Database& database_;
  std::mutex database_mutex_;  // never taken while the other is held
  mutable std::mutex mutex_;
  bool led_ = false;
  std::deque<Entry*> waiting_;  // their threads own those that are waited for
  std::uint64_t failures_ = 0;
};

}  // namespace cordon::store
