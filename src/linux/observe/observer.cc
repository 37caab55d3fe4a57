#include "observe/observer.h"

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "core/blocked_signals.h"
#include "core/try.h"
#include "observe/call_watcher.h"
#include "observe/tracer.h"

namespace cordon::observe {

Result<Observer> Observer::follow(pid_t first, ObserverSettings settings) {
  std::promise<Result<void>> seized;
  std::promise<Observation> finished;
  auto ready = seized.get_future();
  Observer observer;
  observer.observation_ = finished.get_future();
  const BlockedSignals blocked;
  try {
    // Detached: it ends with the last tracee, and owns all that it uses.
    std::thread([first, settings = std::move(settings), seized = std::move(seized),
                 finished = std::move(finished)]() mutable {
      CallWatcher watcher(std::move(settings));
      Tracer tracer(watcher);
      auto begun = tracer.seize(first);
      const bool follows = begun.has_value();
      seized.set_value(std::move(begun));
      if (follows) tracer.run();
      finished.set_value(watcher.take());
    }).detach();
  } catch (const std::system_error& error) {
    return std::unexpected(
        system_error("observe the command: start a thread", {}, error.code().value()));
  }
  TRY(ready.get());
  return observer;
}

}  // namespace cordon::observe
