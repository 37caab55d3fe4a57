// What the kernel counts in control groups that somebody else made and removes: those of an
// engine's container, or of a store's instance.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cordon/execution.h"

namespace cordon::linux_os {

// Where they are; empty where they cannot be seen.
struct ControlGroups {
  std::string memory;
  std::string cpu;
  std::string pids;
  bool v2 = false;
};

// From /proc/PID/cgroup of its first process. `owner`, the container or the instance, is a part of
// the groups' name.
ControlGroups find_groups(pid_t first_process, const std::string& owner);
// `text` is that file.
ControlGroups read_groups(const std::string& text, const std::string& owner);

struct Counted {
  ResourceUsage usage;
  std::uint64_t kills_for_memory = 0;
  std::uint64_t refused_processes = 0;
};

Counted count(const ControlGroups& groups);

// Absent where the kernel has none for it.
std::optional<std::uint64_t> memory_limit(const ControlGroups& groups);
std::optional<std::uint64_t> memory_and_swap_limit(const ControlGroups& groups);
std::optional<std::uint64_t> pids_limit(const ControlGroups& groups);
std::optional<double> cpus_limit(const ControlGroups& groups);

}  // namespace cordon::linux_os
