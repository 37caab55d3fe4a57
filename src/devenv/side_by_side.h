// Two pieces of work at a time.
#pragma once

#include <functional>
#include <system_error>
#include <thread>

#include "core/blocked_signals.h"

namespace cordon::devenv {

// Returns when both are done. `mine` runs on this thread, `other` on one of its own; without
// threads left one after the other.
inline void side_by_side(const std::function<void()>& other, const std::function<void()>& mine) {
  std::jthread thread;
  try {
    const BlockedSignals blocked;
    thread = std::jthread(other);
  } catch (const std::system_error&) {
    other();
  }
  mine();
}

}  // namespace cordon::devenv
