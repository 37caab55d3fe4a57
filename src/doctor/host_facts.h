// What backend selection looks at, from what doctor finds out.
#pragma once

#include <chrono>
#include <span>

#include "cordon/select.h"
#include "doctor/report.h"
#include "linux/proc_file.h"

namespace cordon::doctor {

// From a finished report.
HostFacts host_facts(const HostReport& report);

// Only what selecting for this level among these backends looks at; the rest stays unknown. Nothing
// waits longer than `socket_limit`.
HostFacts probe_host_facts(IsolationLevel level, std::span<const BackendInfo> built_in,
                           std::chrono::milliseconds socket_limit = std::chrono::milliseconds(300));

// One fact about this host. Nothing waits longer than `socket_limit`.
HostFact probe_fact(HostFact HostFacts::* which, std::chrono::milliseconds socket_limit);

// Which backend each level gets on the host of this report, or why none does. Fills report.levels.
void judge_levels(HostReport& report, std::span<const BackendInfo> built_in);

}  // namespace cordon::doctor
