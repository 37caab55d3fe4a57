// policies/presets/*.toml and policies/packs/*.toml as tables: a run does not pay for parsing them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "policy/document.h"

namespace cordon {

enum class EmbeddedKind { Preset, Pack };

// Errors: InvalidArgument with the names that there are, and the nearest.
Result<PolicyDocument> embedded_policy(EmbeddedKind kind, std::string_view name);
std::vector<std::string_view> embedded_names(EmbeddedKind kind);
// What it is for, in a line.
std::string_view embedded_description(EmbeddedKind kind, std::string_view name);

}  // namespace cordon
