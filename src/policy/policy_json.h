// Policies as JSON.
#pragma once

#include <string>

#include "policy/default_in_words.h"
#include "policy/load_policy.h"

namespace cordon {

// One object: the policy as read_json() takes it, and preset, packs, files, origins and fingerprint
// beside it; where it is included, default_policy too. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(const EffectivePolicy& effective, DefaultPart part = DefaultPart::LeftOut);

}  // namespace cordon
