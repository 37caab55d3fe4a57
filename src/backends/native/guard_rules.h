// From the rules of a policy to those of the guard: what mounts cannot hold, because it is not
// there yet, has no one place, or may be replaced from outside.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "linux/seccomp.h"
#include "native/rules.h"

namespace cordon::native {

struct Guard {
  std::vector<std::byte> table;  // linux/guard_table.h; empty: there is nothing to guard
  seccomp::Guarded level = seccomp::Guarded::Making;
  std::size_t rules = 0;
};

// Cost: the number of rules. Errors: InvalidArgument for a pattern of more than 60 names.
Result<Guard> compile_guard(const RuleSet& rules);

// For a launch without a guard. Errors: Unsupported for the first rule of the caller's that only a
// guard can hold, with `reason`.
Result<void> refuse_names(const RuleSet& rules, const std::string& reason);

}  // namespace cordon::native
