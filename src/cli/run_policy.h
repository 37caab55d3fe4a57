// The policy that a command line comes to: files, preset, packs, and what it says itself.
#pragma once

#include "cli/run_options.h"
#include "cordon/error.h"
#include "policy/load_policy.h"

namespace cordon::cli {

// Reads the policy files of this host and this user. Errors as load_policy().
Result<EffectivePolicy> effective_policy(const RunOptions& options);

// `text` as a policy writes it: nothing in it is a variable.
std::string plain_variables(std::string_view text);

}  // namespace cordon::cli
