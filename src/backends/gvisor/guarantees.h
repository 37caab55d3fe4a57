// What a gVisor sandbox enforces, from what its launch is made of.
#pragma once

#include <cstdint>
#include <string>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "gvisor/files.h"
#include "gvisor/platform.h"
#include "linux/cgroup.h"

namespace cordon::gvisor {

// Threads of runsc, gVisor's kernel and its file server, for which a limit of processes leaves
// room.
inline constexpr std::uint32_t kOwnTasks = 128;
// What one task of the sandbox may take of the host where gVisor's kernel counts those: one for
// itself, others in its address space for each of the kernel's threads that ran it.
inline constexpr std::uint32_t kHostTasksOfTask = 8;

// Every part of a launch is either carried out or fails it.
struct Enforcement {
  const Policy* policy = nullptr;
  const Files* files = nullptr;
  PlatformChoice platform;
  const cgroup::Support* cgroup = nullptr;  // null: the sandbox has none
  std::string missing_cgroup;               // why, in words
  bool kernel_is_nobody = false;            // and not what the files' server is
  bool counts_tasks = false;                // gVisor's own kernel does
};

Guarantees make_guarantees(const Enforcement& enforcement);

}  // namespace cordon::gvisor
