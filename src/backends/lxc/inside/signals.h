// Signals as something to read.
#pragma once

#include "core/unique_fd.h"

namespace cordon::inside {

// Blocks all of this process. Not valid with errno where it cannot be made.
UniqueFd signal_descriptor();

}  // namespace cordon::inside
