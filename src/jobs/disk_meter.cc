#include "jobs/disk_meter.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "core/blocked_signals.h"
#include "core/try.h"
#include "jobs/disk_use.h"

namespace cordon::jobs {

namespace {

using std::chrono::milliseconds;

constexpr auto kLeastRest = milliseconds(100);
constexpr auto kMostRest = milliseconds(2000);
constexpr int kRestFactor = 8;
// What the host keeps for itself, whatever the limit says: files that were unlinked and are still
// written are seen here only.
constexpr std::uint64_t kReserve = 64 << 20;
constexpr std::uint64_t kInodeReserve = 1024;

bool nearly_full(int directory) {
  struct statvfs status{};
  if (::fstatvfs(directory, &status) != 0) return false;
  if (std::uint64_t{status.f_bavail} * status.f_frsize < kReserve) return true;
  // Files without content take no blocks. Some file systems do not count inodes, and say zero.
  const std::uint64_t reserve = std::min<std::uint64_t>(kInodeReserve, status.f_files / 100);
  return status.f_favail < reserve;
}

}  // namespace

Result<std::unique_ptr<DiskMeter>> DiskMeter::start(int directory, std::uint64_t most_bytes) {
  std::unique_ptr<DiskMeter> meter(new DiskMeter(directory, most_bytes));
  const BlockedSignals blocked;
  try {
    meter->thread_ = std::thread([raw = meter.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return std::unexpected(system_error("watch the job's disk use", {}, error.code().value()));
  }
  return meter;
}

DiskMeter::~DiskMeter() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool DiskMeter::measure() const {
  return nearly_full(directory_) || disk_use(directory_, most_bytes_) > most_bytes_;
}

void DiskMeter::run() {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  while (!ending_ && !exceeded()) {
    lock.unlock();
    const auto start = Clock::now();
    if (measure()) exceeded_.store(true, std::memory_order_relaxed);
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    lock.lock();
    wake_.wait_for(lock, std::clamp(took * kRestFactor, kLeastRest, kMostRest),
                   [this] { return ending_; });
  }
}

}  // namespace cordon::jobs
