// Where a command's program may be, as execvp(3) looks for it.
#pragma once

#include <string>
#include <vector>

namespace cordon::native {

// The command itself if it is a path, else one name for each absolute directory of PATH. Of an
// environment as build_environment() makes it.
std::vector<std::string> program_candidates(const std::string& command,
                                            const std::vector<std::string>& environment);

}  // namespace cordon::native
