// The runsc of this host: where it is, and what it can run guests on.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "gvisor/platform.h"
#include "linux/plan.h"

namespace cordon::gvisor {

struct Runsc {
  std::string path;  // canonical
  linux_os::FileIdentity identity;
  Platforms platforms;
  bool counts_tasks = false;  // its kernel has the control group for it
};

// Looks on a fixed list of directories, never the caller's PATH, and runs nothing: that would take
// a tenth of what a sandbox takes. Errors: Unsupported, with what would help; PermissionDenied
// where somebody else could put another program in its place.
Result<Runsc> find_runsc();

// From the bytes of the program: whether its kernel can limit the number of a sandbox's tasks
// (releases from 2022 on).
bool can_count_tasks(std::string_view program);

}  // namespace cordon::gvisor
