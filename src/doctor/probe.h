// Looks at the host: files, sockets and attempts, no external program. Bounded: nothing waits
// longer than `socket_limit`, and what can wait does so side by side.
#pragma once

#include <chrono>

#include "doctor/attempts.h"
#include "doctor/report.h"
#include "linux/proc_file.h"

namespace cordon::doctor {

struct ProbeRoots {
  linux_os::HostRoot host;
  std::chrono::milliseconds socket_limit{300};
};

// Fills everything but what judge_tiers() adds.
HostReport probe_host(const ProbeRoots& roots = {});
// The same with attempts made elsewhere: tests describe another host with them.
HostReport probe_host(const ProbeRoots& roots, const Attempts& attempts);

}  // namespace cordon::doctor
