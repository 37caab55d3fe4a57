// The second wall: the same grants once more, as a Landlock ruleset.
#pragma once

#include "cordon/policy.h"
#include "linux/plan.h"
#include "native/compile.h"
#include "native/rules.h"

namespace cordon::native {

// Adds ruleset attributes and rules for `rules` to the plan. Does nothing for ABI 0.
void add_landlock(linux_os::Plan& plan, const RuleSet& rules, const CompileInput& input);

// Rights that rules take away inside a granted tree. Landlock cannot subtract: where it stands
// alone, these are not enforced. Used for the guarantees.
std::vector<std::string> rules_beyond_landlock(const RuleSet& rules);

}  // namespace cordon::native
