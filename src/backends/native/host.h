// What all sandboxes of one native backend share. Made once, used from any thread.
#pragma once

#include <memory>

#include "core/unique_fd.h"
#include "linux/cgroup.h"
#include "native/nursery.h"

namespace cordon::native {

struct Host {
  std::unique_ptr<cgroup::Hierarchy> cgroups;  // never null
  UniqueFd init_image;
  int landlock_abi = 0;
  std::unique_ptr<Nursery> nursery;  // null: everything is built on demand
};

}  // namespace cordon::native
