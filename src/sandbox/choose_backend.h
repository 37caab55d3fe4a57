// Which of the backends at hand a request runs on.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

using Backends = std::span<const std::unique_ptr<Backend>>;

// The first that has the name and the tier of the request, as far as it states them, and can run
// here. Errors: InvalidArgument, there is none of that name; Unsupported, with what is missing.
Result<Backend*> choose_backend(Backends backends, const ExecutionRequest& request);

bool any_supported(Backends backends);
// Empty when one is supported; else what each of them lacks.
std::string why_unsupported(Backends backends);

}  // namespace cordon
