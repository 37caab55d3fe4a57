// What a JobResult has beyond the result of its execution, as JSON.
#pragma once

#include <boost/json/object.hpp>

#include "cordon/job.h"

namespace cordon::jobs {

// "reached", "input", "artifacts", "artifacts_unlisted", "missing", "artifacts_complete",
// "collect_error".
boost::json::object describe_files(const JobResult& result);

}  // namespace cordon::jobs
