#include "docker/usage_watch.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace cordon::docker {

UsageWatch::UsageWatch(pid_t first_process, const std::string& container) {
  if (first_process <= 0) return;
  // First the handle, then the look: the number may be given to another process meanwhile.
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, first_process, 0)));
  groups_ = linux_os::find_groups(first_process, container);
  if (groups_.memory.empty() && groups_.cpu.empty() && groups_.pids.empty()) return;
  process_ = std::move(process);
  look();
}

void UsageWatch::look() {
  if (!process_.valid()) return;
  const linux_os::Counted now = linux_os::count(groups_);
  const std::scoped_lock lock(mutex_);
  const auto raise = [](std::uint64_t& most, std::uint64_t value) { most = std::max(most, value); };
  raise(most_.usage.cpu_time_ns, now.usage.cpu_time_ns);
  raise(most_.usage.memory_peak_bytes, now.usage.memory_peak_bytes);
  raise(most_.usage.io_read_bytes, now.usage.io_read_bytes);
  raise(most_.usage.io_write_bytes, now.usage.io_write_bytes);
  raise(most_.kills_for_memory, now.kills_for_memory);
  raise(most_.refused_processes, now.refused_processes);
}

linux_os::Counted UsageWatch::counted() const {
  const std::scoped_lock lock(mutex_);
  return most_;
}

}  // namespace cordon::docker
