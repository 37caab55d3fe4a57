// The policy as a file, with where each part comes from.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/policy.h"

namespace cordon {

// The name of a key, and where its value was stated.
using Origins = std::vector<std::pair<std::string_view, std::string>>;

// As to_toml(policy); with `origins` each line ends in a comment that names its origin.
std::string to_toml(const Policy& policy, const Origins* origins);

}  // namespace cordon
