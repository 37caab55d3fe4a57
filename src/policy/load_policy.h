// From everything that has a say to the policy that holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "policy/document.h"
#include "policy/merge.h"
#include "policy/path_text.h"
#include "policy/to_toml.h"

namespace cordon {

enum class ProjectPolicy {
  Obey,  // .cordon.toml of the work directory may take away
  Ignore,
};

// Files that are not there are passed over, except `file`.
struct PolicySources {
  Limits initial;           // what limits start from
  std::string system_file;  // "/etc/cordon/policy.toml"; empty: none
  std::string user_file;    // empty: none
  std::string file;         // --policy; empty: none
  PolicyDocument request;   // the command line, or the body of a request; chooses preset and packs
  ProjectPolicy project = ProjectPolicy::Obey;
  std::string project_file;  // empty: .cordon.toml of the work directory
  PathContext context;
};

struct EffectivePolicy {
  Policy policy;
  Origins origins;  // as MergedPolicy
  std::string preset;
  std::vector<std::string> packs;
  std::vector<std::string> files;  // that were read, in the order of their words
};

// Errors: as merge(), read_policy_file() and read_toml(); an unknown preset or pack; the preset off
// anywhere but in the request.
Result<EffectivePolicy> load_policy(const PolicySources& sources);

inline constexpr std::string_view kSystemPolicy = "/etc/cordon/policy.toml";
inline constexpr std::string_view kProjectPolicy = ".cordon.toml";

// $XDG_CONFIG_HOME/cordon/policy.toml, or below ~/.config.
std::string user_policy_file(const PathContext& context);

}  // namespace cordon
