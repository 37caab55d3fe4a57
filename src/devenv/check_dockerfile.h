// What can be said against an environment before an engine is asked.
#pragma once

#include "cordon/dev_env.h"
#include "cordon/error.h"

namespace cordon::devenv {

// Errors: NotFound: no Dockerfile; InvalidArgument: it has no FROM, is no regular file, is behind a
// link or is too long.
Result<void> check_dockerfile(const DevEnvRequest& request);

}  // namespace cordon::devenv
