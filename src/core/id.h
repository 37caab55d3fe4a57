// Ids of executions and sandboxes.
#pragma once

#include <string>

#include "cordon/error.h"

namespace cordon {

// A UUID version 7 (RFC 9562): sorts by time of creation, 74 bits unpredictable. Fails only where
// getrandom(2) does.
Result<std::string> make_id();

}  // namespace cordon
