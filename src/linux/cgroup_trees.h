// Which cgroup hierarchies are mounted, and where in each of them the caller is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/cgroup.h"

namespace cordon::cgroup {

// A set of the controllers that matter here.
using Controllers = std::uint32_t;
inline constexpr Controllers kMemory = 1;
inline constexpr Controllers kCpu = 2;
inline constexpr Controllers kPids = 4;
inline constexpr Controllers kIo = 8;        // v1: blkio
inline constexpr Controllers kCpuTime = 16;  // v1: cpuacct; v2 always counts it
inline constexpr Controllers kLimiting = kMemory | kCpu | kPids;

// Of "memory", "cpu", "pids", "io", "blkio", "cpuacct"; 0 for any other.
Controllers controller_named(std::string_view word);
// Of a list such as cgroup.controllers ("cpu io memory") or mount options ("rw,cpu,cpuacct").
Controllers controllers_in(std::string_view text, char separator);
// "memory, cpu", as v2 names them.
std::string names_of(Controllers set);

struct Tree {
  bool unified = false;
  Controllers controllers = 0;  // v1 only
  std::string top;              // where it is mounted
  // The directories from the caller's own up to `top`, below `top`: "a/b", "a", "". Empty when the
  // mount does not show the caller's own; `hidden` then says why.
  std::vector<std::string> ancestry;
  std::string hidden;
  // The caller's own cgroup is the root of its cgroup namespace.
  bool at_namespace_root = false;
};

// Where the kernel's files are: "" on the real host, a directory in tests.
std::string host_prefix(const Roots& roots);
// At most one tree a hierarchy: the mount that shows the caller's own cgroup, and most of what is
// above.
std::vector<Tree> find_trees(const Roots& roots);

}  // namespace cordon::cgroup
