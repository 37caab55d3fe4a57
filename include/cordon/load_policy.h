// A Policy as `cordon run` comes to it: preset, packs, files and statements of your own, merged by
// the one rule of docs/policy.md.
//
//   cordon::PolicyRequest wanted{.work_dir = "/srv/job", .packs = {"git", "node"}};
//   wanted.json = R"({"limits": {"memory": "2G"}, "filesystem": {"deny": ["**/.env"]}})";
//   auto policy = cordon::load_policy(wanted);
//   if (!policy) return fail(policy.error().message());
//   request.policy = *policy;
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"

namespace cordon {

enum class PolicyFiles {
  None,  // nothing that this host says is read
  All,   // /etc/cordon/policy.toml, the user's policy, and .cordon.toml of the work directory
};

struct PolicyRequest {
  std::string work_dir;  // absolute; relative rules are about it
  std::string preset;    // empty: what a file states, or workspace
  std::vector<std::string> packs;
  std::string file;  // a policy in TOML, or in JSON if its name ends in .json; empty: none
  std::string json;  // statements in JSON, at most 1 MiB, nested at most 8 deep; empty: none
  PolicyFiles files = PolicyFiles::None;
};

// `json` has the rights of its writer: hand on what a stranger sent only after merging it as a
// project's file, or not at all. The user's home directory and variables in rules are those of this
// process. Thread-safe while nobody changes the environment. Errors, with the place of the
// statement that is wrong ("/limits/memory", "policy.toml:4:9"):
//   InvalidArgument   an unknown key, preset, pack or guarantee; a wrong type; rules that
//   contradict
//                     each other; a limit above a maximum; a project's file that widens
//   PermissionDenied  a policy that others could have written, or put in its place
//   NotFound          `file`
Result<Policy> load_policy(const PolicyRequest& request);

// All that a policy in TOML or JSON may say, as a JSON Schema (2020-12).
std::string policy_schema();

}  // namespace cordon
