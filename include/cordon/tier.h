// How strong the wall is, and what a caller may ask for instead of naming a backend.
#pragma once

#include <string_view>

#include "cordon/error.h"

namespace cordon {

enum class Tier { Light, Gvisor, Container, Strong };
enum class IsolationLevel { Off, Default, Enhanced, Container, Maximum };

std::string_view to_string(Tier tier);
std::string_view to_string(IsolationLevel level);
// "light", "gvisor", "container", "strong"; "off", "default", "enhanced", "container", "maximum".
// Errors: InvalidArgument, listing what is allowed: an unknown level never means "off".
//
//   const auto level = cordon::parse_isolation_level(text);
//   if (!level) return fail(level.error().message());
Result<Tier> parse_tier(std::string_view name);
Result<IsolationLevel> parse_isolation_level(std::string_view name);

}  // namespace cordon
