// The sandbox's first process as a sealed, unreadable, executable memfd, made from bytes in this
// library: no file of the host can be swapped for it, and nothing inside a sandbox can write to it.
#pragma once

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::linux_os {

Result<UniqueFd> make_init_image();

}  // namespace cordon::linux_os
