// What the keys of a document mean.
#pragma once

#include <string_view>

#include "policy/node.h"
#include "policy/read_policy.h"

namespace cordon {

ReadPolicy interpret(const Node& root, std::string_view source);

// A text that is no document.
ReadPolicy unreadable(std::string_view source, const Position& position, std::string detail);

}  // namespace cordon
