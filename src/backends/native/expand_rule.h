// From a rule's pattern to the paths it means on this host.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "native/rules.h"

namespace cordon::native {

struct ExpandedRule {
  std::vector<std::string> paths;  // absolute, normalised, sorted
  std::vector<NameRule> names;     // patterns that must hold for what comes later, too
};

// Costs nothing but string work for a plain path, and one directory listing for a Read or Write
// pattern. Errors: InvalidArgument naming the rule.
Result<ExpandedRule> expand_rule(const PathRule& rule, const std::string& work_dir);

std::unexpected<Error> refuse_rule(const PathRule& rule, std::string detail);

// `place` and what follows it, as it is written and, where symbolic links are on the way, as it
// really is: the link may be gone tomorrow, and what it leads to is there today.
std::vector<NameRule> name_rules(const PathRule& rule, const std::string& place,
                                 std::string_view rest = {});

// The rule that decides about `path`, or null.
const Rule* nearest_above(const RuleSet& set, std::string_view path);

// Drops the name rules that nothing in the sandbox could meet.
void keep_what_names_can_meet(RuleSet& set);

}  // namespace cordon::native
