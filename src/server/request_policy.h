// What a request over the network may have: from its words to a policy.
#pragma once

#include <memory>
#include <string>

#include "cordon/error.h"
#include "cordon/execution_record.h"
#include "cordon/policy.h"

namespace cordon::server {

struct PolicyRights {
  CallerRole role = CallerRole::User;
  std::string widest;  // a policy in TOML that the operator gave this caller; empty: the default
};

// An administrator's statements have the rights of its own command line. Everybody else's can only
// take away from what the operator gave: a policy that widens is refused. No variable of this
// process is looked at for others. `work_dir` may be empty: rules stay relative to it.
// Errors: InvalidArgument with the place; the system's policy cannot be read.
Result<Policy> policy_of_request(const std::string& json, const std::string& work_dir,
                                 const PolicyRights& rights);

}  // namespace cordon::server
