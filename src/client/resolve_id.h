// Ids as people write them.
#pragma once

#include <string>
#include <string_view>

#include "client/executions.h"

namespace cordon::client {

// The whole id that begins with `prefix`. Errors: NotFound: none does; Conflict: several do, and it
// names some.
Result<std::string> resolve_id(Executions& executions, std::string_view prefix);

}  // namespace cordon::client
