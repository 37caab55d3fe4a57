// Who may run now, who waits, who is refused: bounded, and fair between callers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "manager/managed_execution.h"

namespace cordon {

// Thread-safe. Callers whose executions wait are served in turns, one execution each, whatever each
// of them has handed in; those of one caller in their order.
class Admission {
 public:
  struct Limits {
    std::size_t running = 1;
    std::size_t queued = 0;
    std::optional<std::size_t> running_per_caller = {};
    std::optional<std::size_t> queued_per_caller = {};
  };
  enum class Turn { Now, Later };
  struct Counts {
    std::size_t running = 0;
    std::size_t queued = 0;
    std::uint64_t refused_quota = 0;
    std::uint64_t refused_unavailable = 0;
    bool closed = false;
  };

  explicit Admission(const Limits& limits) : limits_(limits) {}

  // Errors: QuotaExceeded, Unavailable.
  Result<Turn> enter(const SharedExecution& execution);
  // One that had its turn has ended: those whose turn it is now.
  std::vector<SharedExecution> leave(const ManagedExecution& execution);
  // Takes one that waits out of the queue. False: it does not wait (any more).
  bool withdraw(const ManagedExecution& execution);
  // Nobody enters any more; returns those that waited.
  std::vector<SharedExecution> close();
  Counts counts() const;

 private:
  struct CallerState {
    std::size_t running = 0;
    std::optional<std::size_t> max_running;
    std::deque<SharedExecution> waiting;
  };
  using Callers = std::map<std::string, CallerState, std::less<>>;

  bool may_run(const CallerState& caller) const;
  // With the lock held.
  std::vector<SharedExecution> next();
  void forget_if_idle(Callers::iterator caller);

  const Limits limits_;
  mutable std::mutex mutex_;
  Callers callers_;
  std::list<std::string> turns_;  // those with something waiting, whose turn is next first
  Counts counts_;
};

}  // namespace cordon
