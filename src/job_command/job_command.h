// `cordon job`: files in, one command over them in a sandbox, files out.
#pragma once

#include <span>

namespace cordon::job_command {

// `arguments` are those after `job`. Returns the exit status.
int job_main(std::span<char* const> arguments);

}  // namespace cordon::job_command
