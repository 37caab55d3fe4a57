// For backends whose walls are mounts alone: which names of the rules those do not hold.
#pragma once

#include <functional>
#include <string_view>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "native/rules.h"
#include "sandbox/unheld_names.h"

namespace cordon::native {

// `shows`: whether the host's file is what the backend shows for a rule that grants something.
UnheldNames unheld_names(const RuleSet& rules, const std::function<bool(const Rule&)>& shows);

// Errors: Degraded where somebody stated rules for patterns, or for names that are not there yet,
// unless the caller accepts it. `holder`: "a container".
Result<void> refuse_unheld(const UnheldNames& unheld, WeakerGuarantees weaker,
                           std::string_view holder);

}  // namespace cordon::native
