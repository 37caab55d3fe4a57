// The environment in a container: the image's own variables, then what the policy says; of the
// caller's only what the policy passes on.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "policy/environment.h"

namespace cordon::docker {

// `image` as "NAME=value". PATH, LANG and SHELL are the image's where it has them and the policy
// does not set them; directories that the policy adds to PATH come before the image's. Errors:
// those of build_environment().
Result<std::vector<std::string>> container_environment(const EnvironmentRules& rules,
                                                       const GuestSurroundings& guest,
                                                       const std::vector<std::string>& image,
                                                       const char* const* caller);

}  // namespace cordon::docker
