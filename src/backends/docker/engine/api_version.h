// Which version of the API is spoken.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

// Docker 20.10, which knows cgroup namespaces; and the newest that this client was written for.
inline constexpr std::string_view kLeastApi = "1.41";
inline constexpr std::string_view kMostApi = "1.44";

// The newest that both know, given what the engine says of itself; an empty least stands for none.
// Errors: Unsupported: the engine is too old or too new; Internal: it says no version.
Result<std::string> negotiate_api(std::string_view engines, std::string_view engines_least);

}  // namespace cordon::engine
