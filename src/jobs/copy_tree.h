// A directory of the caller's as the input of a job.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/job.h"
#include "jobs/patience.h"
#include "jobs/tree_writer.h"
#include "jobs/unpack_tar.h"

namespace cordon::jobs {

// Links that lead out, pipes, sockets and devices are left out, and added to `left_out` (the first
// hundred). Errors: a file that cannot be read; those of TreeWriter and Patience.
Result<void> copy_tree(const std::string& directory, TreeWriter& writer, const Patience& patience,
                       const Count& progress, std::vector<LeftOut>& left_out);

}  // namespace cordon::jobs
