// What of a policy no sandbox on the host's own files could be made with, whatever its walls.
#pragma once

#include "cordon/error.h"
#include "cordon/policy.h"

namespace cordon::native {

// Errors: InvalidArgument for limits below what starts a program, and for host names that are none.
Result<void> check_policy(const Policy& policy);

}  // namespace cordon::native
