// Standard output of these commands.
#pragma once

#include <string_view>

#include "cordon/error.h"

namespace cordon::client {

// All of it. Errors: it cannot be written.
Result<void> write_out(std::string_view text);

}  // namespace cordon::client
