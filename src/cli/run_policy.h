// The policy that a command line comes to: files, preset, packs, and what it says itself.
#pragma once

#include <string>
#include <string_view>

#include "cli/run_options.h"
#include "cordon/error.h"
#include "policy/load_policy.h"

namespace cordon::cli {

// Where every policy starts from: limits, the caller's home and variables. Names no file yet.
PolicySources policy_sources(const std::string& work_dir);

// Reads the policy files of this host and this user. Errors: as check_work_dir() and load_policy().
Result<EffectivePolicy> effective_policy(const RunOptions& options);

// Whether there is a directory to look for a project's policy in. What else a work directory must
// be is for the backend to say.
Result<void> check_work_dir(const std::string& work_dir);

// A refusal names the place that was meant; the caller wrote the link that leads there, or none and
// is in it.
Error as_written(Error error, const std::string& work_dir);

// `text` as a policy writes it: nothing in it is a variable.
std::string plain_variables(std::string_view text);

}  // namespace cordon::cli
