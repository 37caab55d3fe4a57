#include "sandbox/periodic_reaper.h"

#include <system_error>
#include <utility>

#include "core/blocked_signals.h"

namespace cordon {

namespace {

constexpr auto kInterval = std::chrono::seconds(60);

}  // namespace

PeriodicReaper::~PeriodicReaper() {
  if (thread_.joinable()) thread_.join();
}

void PeriodicReaper::run(std::function<void()> reap) {
  const std::scoped_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (last_ && now - *last_ < kInterval) return;
  last_ = now;
  if (thread_.joinable()) thread_.join();
  const BlockedSignals blocked;
  try {
    thread_ = std::thread(std::move(reap));
  } catch (const std::system_error&) {
    last_.reset();  // out of threads: the next run reaps
  }
}

}  // namespace cordon
