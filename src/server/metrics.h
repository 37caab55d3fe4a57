// Numbers for Prometheus, in its text format.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "cordon/manager.h"

namespace cordon::server {

// Thread-safe.
class HttpMetrics {
 public:
  void answered(int status);
  std::uint64_t answers(int hundreds) const {
    return classes_[static_cast<std::size_t>(hundreds)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, 6> classes_{};
};

std::string render_metrics(const ManagerStats& stats, const HttpMetrics& http,
                           std::size_t connections);

}  // namespace cordon::server
