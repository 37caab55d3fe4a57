// The gvisor backend: commands on a kernel of their own, in user space, that the host's kernel sees
// next to nothing of.
#pragma once

#include <memory>

#include "cordon/backend.h"
#include "cordon/gvisor_config.h"
#include "gvisor/measure.h"

namespace cordon {

// Never null; nothing is looked at before supported() or create(). Thread-safe. The first create()
// since the machine started may try KVM, which takes up to two seconds where it hangs.
std::unique_ptr<Backend> make_gvisor_backend(gvisor::Measure measure, GvisorConfig config = {});

}  // namespace cordon
