// Which facts about a host a selection looks at: so that nothing is probed that decides nothing.
#pragma once

#include <span>
#include <vector>

#include "cordon/select.h"

namespace cordon {

// What the backends of the level's order need, as far as `built_in` contains them; each once.
std::vector<HostFact HostFacts::*> facts_needed(OperatingSystem system, IsolationLevel level,
                                                std::span<const BackendInfo> built_in);

// Nothing is known: the first backend of an order that the build contains is taken, and says itself
// what it lacks when it is used. For a caller that named no level and waits for a start.
HostFacts unprobed_facts();

}  // namespace cordon
