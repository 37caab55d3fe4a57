// For backends whose walls are mounts alone: what a mount cannot stand for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "native/rules.h"

namespace cordon::native {

// Adds patterns, and names that are not there yet: to `unheld` those that somebody stated, to
// `unheld_protected` those of the default policy.
void add_unheld_names(const RuleSet& rules, std::vector<std::string>& unheld,
                      std::vector<std::string>& unheld_protected);

// Errors: Degraded where there are any, unless the caller accepts it. `holder`: "a container".
Result<void> refuse_unheld(const std::vector<std::string>& unheld, WeakerGuarantees weaker,
                           std::string_view holder);

}  // namespace cordon::native
