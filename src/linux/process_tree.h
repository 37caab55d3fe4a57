// A process and its descendants, looked at from outside: what holds a limit where no cgroup can.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace cordon::linux_os {

struct TreeUse {
  std::uint64_t resident_bytes = 0;  // shared pages count once for each process: never too low
  std::uint32_t tasks = 0;           // processes, without `root` itself
};

// Best effort: processes that come and go while it looks may be missed; at most 65,536 are visited.
TreeUse measure_tree(pid_t root);

}  // namespace cordon::linux_os
