// Policies as JSON.
#pragma once

#include <string>

#include "policy/load_policy.h"

namespace cordon {

// One object: the policy as read_json() takes it, and preset, packs, files, origins and fingerprint
// beside it. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(const EffectivePolicy& effective);

}  // namespace cordon
