// The engine of this host, as the environment names it.
#pragma once

#include <chrono>

#include "cordon/error.h"
#include "engine/client.h"

namespace cordon::docker {

// Errors: also Unsupported: it is on another machine, where the work directory is not.
Result<engine::Client> connect_here(std::chrono::milliseconds patience);

}  // namespace cordon::docker
