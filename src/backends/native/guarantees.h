// What one launch of the native backend enforces, from what the kernel accepted.
#pragma once

#include <string>
#include <vector>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "linux/cgroup.h"
#include "native/compile.h"

namespace cordon::native {

// Every part of a plan is either carried out or the launch fails; so what a launch was made of is
// what the kernel accepted.
struct Enforcement {
  const Policy* policy = nullptr;
  Walls walls = Walls::Full;
  std::string missing_walls;  // LandlockOnly: why, in words
  int landlock_abi = 0;
  const cgroup::Support* cgroup = nullptr;  // null: the sandbox has no cgroup
  std::string missing_cgroup;               // why, in words
  bool pids_by_rlimit = false;
  bool cpus_by_affinity = false;
  bool memory_watched = false;
  bool caller_is_root = false;
  bool guarded = false;
  std::string no_guard;                      // why not, in words; empty: nothing to guard
  std::vector<std::string> beyond_landlock;  // paths whose restriction Landlock alone cannot hold
};

Guarantees make_guarantees(const Enforcement& enforcement);

}  // namespace cordon::native
