// All backends that this build contains, with what they link; see light_backends.h.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "cordon/gvisor_config.h"
#include "cordon/lxc_config.h"
#include "cordon/select.h"
#include "native/native_backend.h"

namespace cordon {

// Null when this build has no backend of that name.
std::unique_ptr<Backend> make_backend(std::string_view name, Preparation preparation,
                                      const LxcConfig& lxc, const GvisorConfig& gvisor = {});
// With nothing stated: what the environment says.
std::unique_ptr<Backend> make_backend(std::string_view name, Preparation preparation);

// All of them, in the order of built_in_backends().
std::vector<std::unique_ptr<Backend>> make_backends(Preparation preparation,
                                                    const LxcConfig& lxc = {},
                                                    const GvisorConfig& gvisor = {});

}  // namespace cordon
