#include "policy/default_limits.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdint>

namespace cordon {

namespace {

constexpr std::uint64_t kMostDisk = std::uint64_t{2} << 30;
constexpr std::uint32_t kPids = 1024;

}  // namespace

Limits default_limits() {
  Limits limits;
  limits.pids = kPids;
  limits.disk_bytes = kMostDisk;
  // One system call; /proc/meminfo costs the kernel a hundred times as much.
  struct sysinfo machine{};
  if (::sysinfo(&machine) == 0) {
    const std::uint64_t memory = std::uint64_t{machine.totalram} * machine.mem_unit;
    limits.memory_bytes = memory / 2;
    limits.disk_bytes = std::min(kMostDisk, memory / 4);
  }
  return limits;
}

}  // namespace cordon
