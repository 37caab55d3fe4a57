// What `cordon env` does.
#pragma once

#include "cordon/error.h"
#include "env/options.h"

namespace cordon::env {

// The exit status. Errors: it could not be done.
Result<int> run(const Options& options);

}  // namespace cordon::env
