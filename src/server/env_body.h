// The words of an environment: the JSON of POST /api/v1/envs/{project}/build.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/dev_env.h"
#include "cordon/error.h"
#include "server/execute_body.h"

namespace cordon::server {

struct EnvBody {
  ExecuteBody command;      // its limits and network alone
  std::string project_dir;  // of the daemon's host; empty: what was sent
  std::string dockerfile = "Dockerfile";
  std::vector<std::pair<std::string, std::string>> arguments;
  std::string target;
  std::string platform;
  PullPolicy pull = PullPolicy::Missing;
};

// Errors: as JsonFields; limits that a build has not are refused.
Result<EnvBody> read_env_body(std::string_view body);

// "health_check" of POST /api/v1/envs/{project}/swap, or nothing; so is an empty body.
Result<std::string> read_swap_body(std::string_view body);

// 1 to 64 letters, digits, dots, underscores and dashes, not a dot first: a name is a directory's,
// too.
bool is_project_name(std::string_view name);

}  // namespace cordon::server
