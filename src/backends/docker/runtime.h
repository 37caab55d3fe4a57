// What the engine is to run a container with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::docker {

enum class Runtime { OfTheEngine, Runsc };

// By the engine's name for it.
inline constexpr std::string_view kRunsc = "runsc";
// gVisor's kernel has tasks of its own, which the container's control group counts, too.
inline constexpr std::int64_t kGvisorTasks = 128;

// The program that the engine has under that name; empty where a shim starts one that the engine
// does not name. It is looked into, for it may be another one's. Errors: Unsupported: there is
// none, or it is not gVisor's.
Result<std::string> find_runsc(const engine::EngineInfo& info);

// From the bytes of a program.
bool is_gvisor(std::string_view program);

}  // namespace cordon::docker
