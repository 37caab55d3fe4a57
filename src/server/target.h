// The target of a request: a path in segments, and a query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"

namespace cordon::server {

inline constexpr std::size_t kMostTargetBytes = 8 << 10;

struct Target {
  std::vector<std::string> segments;  // decoded once; none is empty, "." or "..", none has a slash
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order given

  // Absent when it is not there.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// Only the form that starts with a slash. What two readers could read differently is refused: dot
// segments, empty segments, an encoded slash or zero, a bad escape, bytes that are not printable.
// Errors: InvalidArgument.
Result<Target> parse_target(std::string_view target);

}  // namespace cordon::server
