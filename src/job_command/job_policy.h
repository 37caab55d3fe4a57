// The policy of a job: that of the host, of the user and of the command line, about a work
// directory that is not there yet.
#pragma once

#include "cli/run_options.h"
#include "cordon/error.h"
#include "cordon/policy.h"

namespace cordon::job_command {

// What is about the work directory is relative to it. The current directory is none of a job's.
// Errors: as load_policy().
Result<Policy> job_policy(const cli::RunOptions& options);

}  // namespace cordon::job_command
