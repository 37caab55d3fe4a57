// What runsc says when it could not do what it was asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::gvisor {

// From the text of its log: objects with "level" and "msg", one after the other, written by a
// process that may have been killed in the middle. The first error is the cause. Absent where there
// is none: runsc did its part. NotFound and PermissionDenied are about `command`.
std::optional<Error> error_of_log(std::string_view log, const std::string& command);

}  // namespace cordon::gvisor
