// Who calls: the sandbox never has more than this.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cordon::native {

struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  // Absolute, never empty; they need not exist. The first is the HOME of the sandbox; what is
  // secret below a home is secret below each of them.
  std::vector<std::string> homes;

  // Where this caller's own policy is looked for. Absolute; they need not exist.
  std::vector<std::string> policy_directories = {};

  const std::string& home() const { return homes.front(); }
};

// From this process: $HOME, and the home that the user database names. A HOME that could not be the
// sandbox's (not absolute, or where programs live) is replaced.
Caller current_caller();

}  // namespace cordon::native
