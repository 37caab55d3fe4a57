// What can be said against a request before any backend sees it.
#pragma once

#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

// Errors: InvalidArgument, naming the part that is wrong and what is allowed.
Result<void> validate(const ExecutionRequest& request);

}  // namespace cordon
