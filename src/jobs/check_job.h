// What is wrong with a job, said before anything of it is started.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "cordon/job.h"

namespace cordon::jobs {

inline constexpr std::chrono::nanoseconds kDefaultTimeout = std::chrono::minutes(30);

// What an Error was about, where it is not the input but the place to begin, Job::begin_in.
inline constexpr std::string_view kBeginIn = "begin in";

// What holds of a sandbox whose work directory is a part of the copy.
inline constexpr std::string_view kPartlyProtected =
    "outside of the directory in which the command begins, protected names that the input lacks "
    "can be made";

// With a value for everything that bounds it.
Limits bounded(Limits limits);

// Errors: InvalidArgument with the remedy: an id that is none, two inputs, a relative path, the
// file system's root or an engine's socket to be shown, an input that would hold the job's own
// place. Unsupported: a guarantee that does not hold of a command that begins below its work
// directory.
Result<void> check_job(const Job& job, const std::string& staging_root);

}  // namespace cordon::jobs
