// compile(policy, host) -> plan: everything that is decided before anything is done.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "linux/plan.h"
#include "native/guard_rules.h"
#include "native/rules.h"

namespace cordon::native {

// How much of the full wall this launch can have.
enum class Walls {
  Full,          // user, mount, pid, network, ipc, uts and cgroup namespaces
  LandlockOnly,  // no namespaces: Landlock, seccomp and rlimits on the host's own tree
};

struct CompileInput {
  const Policy* policy = nullptr;
  std::string work_dir;
  Caller caller;
  Walls walls = Walls::Full;
  int landlock_abi = 0;           // 0: none
  bool pids_by_rlimit = false;    // no pids controller holds the limit
  bool cpus_by_affinity = false;  // no cpu controller holds the limit
  std::string no_guard;           // why there is none, in words; empty: there can be one
  std::string private_directory;  // LandlockOnly: what stands for /tmp and $HOME; exists
};

struct Compiled {
  linux_os::Plan plan;  // for the groundwork of the policy's outline; none where walls are Landlock
  // Paths whose restriction only a mount namespace can hold; see rules_beyond_landlock().
  std::vector<std::string> beyond_landlock;
  Guard guard;
  std::string no_guard;  // why there is none, in words
};

// The part of it that is about files, namespaces and limits: what compile() makes of the rules that
// it resolves.
linux_os::Plan make_plan(const CompileInput& input, const RuleSet& rules);

// Errors as resolve_rules(). Cost depends on the number of rules, never on the number of files.
Result<Compiled> compile(const CompileInput& input);

}  // namespace cordon::native
