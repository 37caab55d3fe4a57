// From the rules of a policy to a sorted list of what each path of the host becomes in the sandbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "linux/plan.h"
#include "native/caller.h"
#include "native/protected_names.h"

namespace cordon::native {

enum class Grant {
  Read,
  Write,
  Scratch,  // a private, empty, writable directory of the sandbox
  Deny,
  Hide,
};

struct Rule {
  Grant grant = Grant::Read;
  std::string path;           // canonical: absolute, no symbolic links, "." or ".."
  std::string_view origin;    // who asked for it; lives as long as the policy
  bool from_default = false;  // nobody asked: the default policy says so
  bool directory = true;
  bool anchor =
      false;  // mounted on itself although its parent grants the same, so that nobody renames it
  std::optional<linux_os::FileIdentity> identity;  // absent: not needed, see is_mounted()
  int rank = 0;                                    // among rules for the same path, see candidate.h
  bool protects = false;   // Access::Protect: nothing may be made here or in here
  int parent = -1;         // index of the nearest rule above it, or -1
  bool has_inner = false;  // a Read or Write rule lies beneath it
};

// Protect, Deny or Hide for names that no mount can stand for: those of a pattern, and those that
// do not exist yet.
struct NameRule {
  Access access = Access::Protect;
  std::string pattern;      // absolute, for Glob::parse(); what precedes wildcards is canonical
  std::string_view origin;  // as of Rule
  Layer layer = Layer::Default;
};

struct RuleSet {
  std::vector<Rule> rules;  // parents before children; each path once
  // Those that the sandbox could meet: beneath something writable, or for Deny and Hide visible.
  std::vector<NameRule> name_rules;
  // Of the default policy: those that exist are rules as well.
  ProtectedNames protected_names;
  // Symbolic links on the way to a rule's path, as the caller spelled it: where, and to what.
  std::vector<std::pair<std::string, std::string>> links;
  std::string work_dir;  // canonical
};

// Whether a rule that shows its path needs a mount for it: what surrounds the path says something
// else. Only such rules need an identity.
bool is_mounted(const RuleSet& set, const Rule& rule);

// Errors: InvalidArgument naming the rule: a path that does not exist, two rules that contradict
// each other, a work directory that cannot be one. Cost: a few system calls a rule, whatever the
// size of the trees. `policy` must outlive the result.
Result<RuleSet> resolve_rules(const Policy& policy, const std::string& work_dir,
                              const Caller& caller);

}  // namespace cordon::native
