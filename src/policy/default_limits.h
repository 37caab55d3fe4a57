// What `cordon run` starts from. The library itself sets no limit that was not asked for.
#pragma once

#include "cordon/policy.h"

namespace cordon {

// Half of the machine's memory, 1024 processes and threads, and 2 GiB of files in private
// directories, or a quarter of the memory where that is less: these directories live in memory. No
// time limit, all processors, all output.
Limits default_limits();

}  // namespace cordon
