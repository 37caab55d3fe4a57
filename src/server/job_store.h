// What jobs leave: for each a directory with its artifacts in one tar, and what there is to say of
// them. Below the state directory, for this user alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::server {

// Thread-safe. Ids are a Manager's; only those that add() was given become paths.
class JobStore {
 public:
  struct Options {
    std::string directory;
    std::chrono::nanoseconds lifetime = std::chrono::hours(24 * 7);
    std::uint64_t quota = 2ULL << 30;  // of all; the oldest go
    std::size_t most_jobs = 10'000;
  };
  // Whose job it is. The owner's own oldest go where it has more than its quota, which is that of
  // the last job that was added.
  struct Owner {
    std::string name;
    std::optional<std::uint64_t> quota = {};
  };
  // What a process that was killed had under way is removed; that there was a job stays.
  static Result<std::unique_ptr<JobStore>> open(Options options);
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  const Options& options() const { return options_; }
  // The most that one job may leave.
  std::uint64_t most_bytes(const Owner& owner) const;

  // There is a job of this id; a success when that is known.
  Result<void> add(const std::string& id, const Owner& owner);
  // Where its artifacts go: a tar of mode 0600, once.
  Result<UniqueFd> make_tar(const std::string& id) const;
  // Its tar is whole; `words` says what is in it. Older ones go where there is no room.
  Result<void> keep(const std::string& id, std::string_view words);

  bool contains(std::string_view id) const;
  // Absent: not yet, or not any more.
  std::optional<std::string> words(std::string_view id) const;
  std::optional<UniqueFd> tar(std::string_view id) const;
  // Newest first, those that are older than `before`.
  std::vector<std::string> ids(std::string_view before) const;

  void remove(std::string_view id);
  // Removes what has outlived its time, and jobs whose record is gone.
  void sweep(const std::function<bool(const std::string& id)>& has_record);

 private:
  explicit JobStore(Options options) : options_(std::move(options)) {}
  struct Kept {
    std::uint64_t bytes = 0;
    std::string owner;
    std::chrono::system_clock::time_point when{};
  };
  using Jobs = std::map<std::string, Kept, std::less<>>;  // ids sort by time

  std::string path_of(std::string_view id, std::string_view name = {}) const;
  void measure(const std::string& id, Kept& kept);
  // With the lock held.
  void empty(const std::string& id, Kept& kept);
  Jobs::iterator forget(Jobs::iterator job);
  Jobs::iterator oldest_of_who_has_most();
  void hold_quota();
  void hold_quota_of(const std::string& owner);

  const Options options_;
  mutable std::mutex mutex_;
  Jobs jobs_;
  std::uint64_t bytes_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> quotas_;  // of owners that have one
};

}  // namespace cordon::server
