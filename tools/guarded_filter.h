// A filter for a sandbox with a guard, made from the filter of one without.
#pragma once

#include <cstdint>
#include <string_view>

#include "linux/seccomp_compile.h"
#include "seccomp_policy.h"

namespace cordon::tools {

// By level, as kLevels.
inline constexpr std::string_view kGuardedNames[] = {"kGuardedMaking", "kGuardedRemoving",
                                                     "kGuardedOpening"};

// The same program, but where it allows a call that has a guarded entry of this level or a lower
// one, that entry answers. What it refuses stays refused. Where several entries name a call, the
// one of the highest level counts: it widens the others.
seccomp::Program with_guard(seccomp::Program program, const Policy& policy,
                            std::uint32_t architecture, std::size_t level);

}  // namespace cordon::tools
