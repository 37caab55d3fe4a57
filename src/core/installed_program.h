// Programs of Cordon's own that are no commands: below libexec/cordon.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

// Beside the running program, in libexec/cordon beside its directory, or where Cordon was
// installed; canonical. Errors: NotFound.
Result<std::string> find_installed_program(std::string_view name);

}  // namespace cordon
