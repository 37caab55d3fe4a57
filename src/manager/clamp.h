// Pulls the limits of a request into the range that a configuration allows.
#pragma once

#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/manager_config.h"

namespace cordon {

// Fills what is absent, and notes every value that was changed. The configuration is complete.
// Errors: InvalidArgument: a timeout or an amount of CPU that is not above zero.
Result<std::vector<Adjustment>> clamp_limits(Limits& limits, const ManagerConfig& config);

}  // namespace cordon
