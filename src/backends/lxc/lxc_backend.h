// Instances of LXD or Incus: system containers, the tier strong. See docs/lxc.md.
#pragma once

#include <memory>

#include "cordon/backend.h"
#include "cordon/lxc_config.h"

namespace cordon {

std::unique_ptr<Backend> make_lxc_backend(LxcConfig config);

}  // namespace cordon
