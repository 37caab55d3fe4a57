// Where a work directory can lie.
#pragma once

#include <string>

#include "cordon/error.h"

namespace cordon::native {

// Whether the directory could be one, whatever the rules of a policy say: it is neither the root
// nor a place of the system's or of all users. `path` is canonical. Errors: InvalidArgument with
// the reason.
Result<void> check_place_of_work_dir(const std::string& path);

}  // namespace cordon::native
