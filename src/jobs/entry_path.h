// The name of an entry of an archive, as the path that it is written to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::jobs {

// Deeper trees are in nobody's interest: each level costs whoever walks them a descriptor.
inline constexpr std::size_t kDeepest = 256;

// Relative, without ".", ".." and double slashes; empty: the top itself. Errors: InvalidArgument:
// an absolute path, "..", a NUL byte, a name of more than 255 or a path of more than 4095 bytes,
// more than kDeepest levels.
Result<std::string> entry_path(std::string_view written);

// Whether a symbolic link at `path` (of entry_path()) with this target stays beneath the top.
bool stays_beneath(std::string_view path, std::string_view target);

}  // namespace cordon::jobs
