// The part of a filter that looks at a call's arguments.
//
// Not libseccomp's: its programs (2.5.4) answer some sets of 64-bit comparisons wrongly, as when
// one rule has (a0 >= X, a1 <= Y, ...) and another (a0 < Z, ...); and its rules have no "otherwise"
// but the default of the whole filter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/seccomp.h"
#include "linux/number_table.h"

namespace cordon::seccomp {

struct ArgumentRule {
  std::uint32_t answer = 0;
  std::vector<SeccompCondition> conditions;  // all must hold; at most one for each argument
};

// Answers with the first rule whose conditions hold, else `otherwise`. Begins with nothing loaded.
Program argument_program(std::span<const ArgumentRule> rules, std::uint32_t otherwise);

}  // namespace cordon::seccomp
