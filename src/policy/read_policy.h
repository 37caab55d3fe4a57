// From text to a PolicyDocument. Both languages say the same, through the one table of keys.
#pragma once

#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "policy/document.h"

namespace cordon {

inline constexpr std::size_t kMostPolicyBytes = 1 << 20;

struct ReadPolicy {
  PolicyDocument document;      // without the entries that are wrong
  std::vector<Error> problems;  // in the order of the text; empty when all is well
};

// `source` names the text in messages. Never more than 100 problems. A text that is longer than
// kMostPolicyBytes or no TOML or JSON at all is one problem.
ReadPolicy read_toml(std::string_view text, std::string_view source);
// One object, nested at most 8 deep, no key twice.
ReadPolicy read_json(std::string_view text, std::string_view source);

// The first problem is the error.
Result<PolicyDocument> policy_from_toml(std::string_view text, std::string_view source);
Result<PolicyDocument> policy_from_json(std::string_view text, std::string_view source);

}  // namespace cordon
