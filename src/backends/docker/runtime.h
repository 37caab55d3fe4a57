// What the engine is to run a container with.
#pragma once

#include <cstdint>
#include <string_view>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::docker {

enum class Runtime { OfTheEngine, Runsc };

// By the engine's name for it.
inline constexpr std::string_view kRunsc = "runsc";
// gVisor's kernel has tasks of its own, which the container's control group counts, too.
inline constexpr std::int64_t kGvisorTasks = 128;

// Looks into the program that the engine has under that name: it may be another one's. Errors:
// Unsupported: there is none, or it is not gVisor's.
Result<void> check_has_runsc(const engine::EngineInfo& info);

// From the bytes of a program.
bool is_gvisor(std::string_view program);

}  // namespace cordon::docker
