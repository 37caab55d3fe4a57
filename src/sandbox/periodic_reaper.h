// Removes what dead owners left in an engine, beside the runs, so that nobody waits for it.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace cordon {

// Thread-safe. The destructor waits for a removal that is under way.
class PeriodicReaper {
 public:
  PeriodicReaper() = default;
  PeriodicReaper(const PeriodicReaper&) = delete;
  PeriodicReaper& operator=(const PeriodicReaper&) = delete;
  ~PeriodicReaper();

  // Calls `reap` on a thread of its own, once a minute at most. It must not throw.
  void run(std::function<void()> reap);

 private:
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> last_;
  std::thread thread_;
};

}  // namespace cordon
