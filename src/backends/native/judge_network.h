// Which of a native sandbox's walls stood between a command and an address.
#pragma once

#include <optional>

#include "cordon/observation.h"
#include "cordon/policy.h"

namespace cordon::native {

std::optional<Refusal> judge_address(const Observed& attempt, NetworkMode mode);

}  // namespace cordon::native
