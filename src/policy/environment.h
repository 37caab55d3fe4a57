// The guest's environment, built from nothing. Nothing here ever reaches the launcher itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"

namespace cordon {

// What the sandbox decides and the environment tells.
struct GuestSurroundings {
  std::string home;      // HOME
  std::string user;      // USER and LOGNAME
  std::string work_dir;  // PWD
};

// PATH, unless the rules say otherwise.
inline constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// "NAME=value", sorted, each name once. `caller_environment` is as environ(7): null-terminated, and
// may be null. Errors: a name that is empty or holds '=' or NUL, a value that holds NUL, a variable
// longer than the kernel takes.
Result<std::vector<std::string>> build_environment(const EnvironmentRules& rules,
                                                   const GuestSurroundings& guest,
                                                   const char* const* caller_environment);

}  // namespace cordon
