// The words of a job: the JSON of POST /api/v1/jobs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/job.h"
#include "server/execute_body.h"

namespace cordon::server {

struct Mount {
  std::string path;
  Access access = Access::Read;
};

struct JobBody {
  ExecuteBody command;  // what it has in common with an execute request
  std::optional<std::uint64_t> disk_bytes;
  PullPolicy pull = PullPolicy::Missing;
  std::vector<Mount> mounts;
  std::string begin_in;  // work_dir: below the private copy
  std::string input_dir;
  std::string input_tar;  // its bytes
  std::vector<std::string> collect;
  std::optional<std::uint64_t> collect_bytes;
};

// Errors: as JsonFields; fields of limits are called limits.pids.
Result<JobBody> read_job_body(std::string_view body);

}  // namespace cordon::server
