// Control groups of the second generation: one tree, one directory a group.
#pragma once

#include <memory>
#include <string>

#include "linux/cgroup.h"
#include "linux/cgroup_v2_site.h"

namespace cordon::cgroup {

// Groups below `site`, whose controllers are switched on.
std::unique_ptr<Hierarchy> make_v2(Site site, Support support);

}  // namespace cordon::cgroup
