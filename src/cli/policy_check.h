// Whether `cordon run` would take a policy file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cordon/error.h"

namespace cordon::cli {

// Reads the policy in `path` as a run in `work_dir` (absolute) does, as the system's, the user's, a
// project's or another by its name, and has the backend look at its rules. Returns the number of
// its statements; absent when something is wrong with the file itself, of which each problem has
// been written to standard error in a line of its own. Errors: what the run would refuse. Nothing
// is run.
Result<std::optional<std::size_t>> check_policy_file(const std::string& path,
                                                     const std::string& work_dir);

}  // namespace cordon::cli
