// "Run it only where this is enforced": what a policy requires, against what holds.
#pragma once

#include <span>
#include <string>

#include "cordon/error.h"
#include "cordon/guarantees.h"

namespace cordon {

// Errors: InvalidArgument for a name that is none of guarantee::kAll, with the nearest one.
Result<void> check_guarantee_name(const std::string& name);

// Errors: Degraded for the first required guarantee that is not Strength::Enforced, with its
// strength and the reason. A backend calls it before it starts anything.
Result<void> check_required(std::span<const std::string> required, const Guarantees& guarantees);

}  // namespace cordon
