// The one rule by which layers become a policy: later narrows, and only what the user wrote widens.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "policy/document.h"
#include "policy/path_text.h"
#include "policy/to_toml.h"

namespace cordon {

struct PolicyLayer {
  Layer layer = Layer::CommandLine;
  PolicyDocument document;
};

struct MergedPolicy {
  Policy policy;
  // Where each single value comes from: the key's name, and "policy.toml:12:9".
  Origins origins;
};

// `layers` in the order of their words, see Layer. Each field's rule stands in docs/policy.md.
// Errors: InvalidArgument with the place of the statement: a project's file that widens, a limit
// above a maximum of an earlier layer, two rules of one layer that contradict each other, a
// relative path in a system policy, a variable that is not set.
Result<MergedPolicy> merge(std::span<const PolicyLayer> layers, const PathContext& context);

}  // namespace cordon
