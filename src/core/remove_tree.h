// Removes a directory and everything in it, whatever a guest made of it: a hundred thousand levels,
// names of 255 bytes, directories without permissions. Never follows a symbolic link.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "cordon/error.h"

namespace cordon {

// When to give up: whoever still writes there cannot move it.
struct RemoveLimits {
  std::chrono::nanoseconds patience = std::chrono::minutes(10);
  std::stop_token stop = {};
};

// Of a tree that somebody changes meanwhile some may stay. Uses a fixed number of descriptors and
// no recursion. Errors: errno; Conflict: somebody writes as fast as it is removed; Unavailable:
// given up.
Result<void> remove_tree(const std::string& path, const RemoveLimits& limits = {});

}  // namespace cordon
