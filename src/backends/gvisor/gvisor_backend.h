// The gvisor backend: commands on a kernel of their own, in user space, that the host's kernel sees
// next to nothing of.
#pragma once

#include <memory>

#include "cordon/backend.h"

namespace cordon {

// Never null; nothing is looked at before supported() or create(). Thread-safe.
std::unique_ptr<Backend> make_gvisor_backend();

}  // namespace cordon
