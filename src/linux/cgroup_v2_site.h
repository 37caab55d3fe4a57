// Where in the cgroup v2 tree groups can be made. Two rules of the kernel's decide: a directory
// must be writable, with its cgroup.procs, to whoever puts a process below it; and one that holds
// processes cannot switch controllers on for those below it, the root of the whole tree excepted.
#pragma once

#include <optional>
#include <string>

#include "core/unique_fd.h"
#include "linux/cgroup_reasons.h"
#include "linux/cgroup_trees.h"

namespace cordon::cgroup {

struct Site {
  std::string path;
  UniqueFd directory;           // O_PATH
  Controllers controllers = 0;  // that hold in a new directory below it
};

// The nearest directory, from the caller's own upwards, with all limiting controllers, else with
// the most of them; the controllers are switched on for it. When that needs it and this process is
// alone in a cgroup delegated to it, it moves itself into a child named "supervisor". Absent:
// `obstacles` says why.
std::optional<Site> choose_site(const Tree& tree, Obstacles& obstacles);

}  // namespace cordon::cgroup
