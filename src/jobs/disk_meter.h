// Looks at how much a running job keeps in its work directory: a bind mount of a directory has no
// size that the kernel would hold.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "cordon/error.h"

namespace cordon::jobs {

class DiskMeter {
 public:
  // `directory` must outlive it. Measures on a thread of its own, and rests several times as long
  // as that took.
  static Result<std::unique_ptr<DiskMeter>> start(int directory, std::uint64_t most_bytes);
  ~DiskMeter();

  // From any thread. Stays true.
  bool exceeded() const { return exceeded_.load(std::memory_order_relaxed); }

 private:
  DiskMeter(int directory, std::uint64_t most_bytes)
      : directory_(directory), most_bytes_(most_bytes) {}
  void run();
  bool measure() const;

  int directory_;
  std::uint64_t most_bytes_;
  std::atomic<bool> exceeded_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cordon::jobs
