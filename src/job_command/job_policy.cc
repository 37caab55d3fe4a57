#include "job_command/job_policy.h"

#include <string>
#include <string_view>

#include "cli/run_policy.h"
#include "core/try.h"
#include "native/paths.h"
#include "policy/load_policy.h"

namespace cordon::job_command {

namespace {

// Stands for the job's private directory until that is made; nobody has such a one.
constexpr std::string_view kStandIn = "/proc/self/cordon-job-work-dir";

}  // namespace

Result<Policy> job_policy(const cli::RunOptions& options) {
  PolicySources sources = cli::policy_sources(std::string(kStandIn));
  sources.request = options.request;
  sources.file = options.policy_file;
  sources.project = ProjectPolicy::Ignore;
  if (options.policy_files == PolicyFiles::All) {
    sources.system_file = kSystemPolicy;
    sources.user_file = user_policy_file(sources.context);
  }
  Policy policy = TRY(load_policy(sources)).policy;
  for (PathRule& rule : policy.filesystem) {
    if (!native::is_beneath(rule.path, kStandIn)) continue;
    const bool itself = rule.path.size() == kStandIn.size();
    rule.path = itself ? "." : rule.path.substr(kStandIn.size() + 1);
  }
  return policy;
}

}  // namespace cordon::job_command
