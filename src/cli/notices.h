// What `cordon run` says on standard error once a run has ended.
#pragma once

#include <string>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/policy.h"

namespace cordon::cli {

// Which limit the command reached, what it was, and the option that sets it. Empty when it reached
// none.
std::string limit_notice(const ExecutionResult& result, const Limits& limits);

// Why a command could not be started, with what would help where that can be told.
std::string start_failure(Error error);

}  // namespace cordon::cli
