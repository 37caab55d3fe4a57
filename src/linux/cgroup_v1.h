// Control groups of the first generation: one directory in each of several hierarchies makes a
// group.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "linux/cgroup.h"
#include "linux/cgroup_trees.h"

namespace cordon::cgroup {

// Never null. Without a hierarchy that can be used, support() holds nothing and says why.
std::unique_ptr<Hierarchy> make_v1(const std::vector<Tree>& trees, const std::string& prefix);

}  // namespace cordon::cgroup
