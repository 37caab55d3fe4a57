// The processes inside a group, one signal at a time: what there is where the kernel has no
// cgroup.kill.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "linux/cgroup_directory.h"

namespace cordon::cgroup {

// Kills everything that the list `procs` (a cgroup.procs below `directory`) shows, again and again
// until it is empty. `place` is the path of `directory`.
Result<void> kill_members(int directory, const std::string& procs, std::string_view place,
                          Clock::time_point deadline);
// One round of it, which waits for nobody. How many it found; an error number when one was refused.
struct KillRound {
  bool readable = true;
  std::size_t found = 0;
  int refused = 0;
};
KillRound kill_members_once(int directory, const std::string& procs);

}  // namespace cordon::cgroup
