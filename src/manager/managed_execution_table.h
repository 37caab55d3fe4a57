// The executions a Manager has at hand: all that wait or run, and the last ones that ended.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "manager/managed_execution.h"

namespace cordon {

// Thread-safe.
class ManagedExecutionTable {
 public:
  // How many that ended are remembered, and how much of their output all together; the oldest are
  // forgotten first.
  ManagedExecutionTable(std::size_t most, std::uint64_t most_bytes)
      : most_(most), most_bytes_(most_bytes) {}

  void add(const SharedExecution& execution);
  // It ended.
  void ended(const ManagedExecution& execution);
  // Forgets it, whatever its state.
  void remove(std::string_view id);
  SharedExecution find(std::string_view id) const;  // null: not here
  std::vector<SharedExecution> all() const;         // newest first
  std::vector<SharedExecution> living() const;      // those that have not ended

  // Until all that have been added so far and since have ended. False: it was too late.
  bool wait_until_idle(std::chrono::steady_clock::time_point deadline) const;

 private:
  struct Entry {
    SharedExecution execution;
    bool ended = false;
    std::uint64_t bytes = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;  // ids sort by time

  void drop(Entries::iterator entry, std::vector<SharedExecution>& dropped);

  const std::size_t most_;
  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;
  mutable std::condition_variable idle_;
  Entries entries_;
  std::size_t living_ = 0;
  std::deque<std::string> ended_;  // oldest first; may name some that are gone
  std::size_t remembered_ = 0;
  std::uint64_t remembered_bytes_ = 0;
};

}  // namespace cordon
