// Follows a sandbox's command to the end of its last process, on a thread of its own.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <future>
#include <span>

#include "cordon/error.h"
#include "cordon/observation.h"
#include "observe/attempt_log.h"

namespace cordon::observe {

struct ObserverSettings {
  Watch watch = Watch::Refusals;
  // Also tell the judge of paths that were opened: where a rule shows something else in their
  // place.
  bool judge_successes = false;
  std::span<const sock_filter> filter;  // the one that holds; there for ever
  Judge judge;
};

// Movable. While it follows, nobody else in the program may wait for "any child" (waitpid(-1)): a
// tracee counts as one.
class Observer {
 public:
  Observer() = default;
  // `first` is a sandbox's first process that has no orders yet. Returns once it is followed.
  // Errors: Unsupported, where the host forbids tracing.
  static Result<Observer> follow(pid_t first, ObserverSettings settings);

  bool following() const { return observation_.valid(); }
  // Waits until all processes of the sandbox are gone. Once.
  Observation finish() { return observation_.get(); }

 private:
  std::future<Observation> observation_;
};

}  // namespace cordon::observe
