// What is wrong with a job, said before anything of it is started.
#pragma once

#include <chrono>
#include <string>

#include "cordon/error.h"
#include "cordon/job.h"

namespace cordon::jobs {

inline constexpr std::chrono::nanoseconds kDefaultTimeout = std::chrono::minutes(30);

// With a value for everything that bounds it.
Limits bounded(Limits limits);

// Errors: InvalidArgument with the remedy: an id that is none, two inputs, a relative path, the
// file system's root or an engine's socket to be shown, an input that would hold the job's own
// place.
Result<void> check_job(const Job& job, const std::string& staging_root);

}  // namespace cordon::jobs
