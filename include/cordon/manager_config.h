// What a Manager gives to requests that do not say, and the most that it gives to any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/gvisor_config.h"
#include "cordon/lxc_config.h"
#include "cordon/policy.h"
#include "cordon/select.h"

namespace cordon {

enum class NetworkToggle { Disabled, Enabled };

// Values out of range are pulled to the nearest end of it, and the result says so: see
// ExecutionResult::adjustments. Requests without a value get the default, which is no adjustment.
struct ManagerConfig {
  std::chrono::nanoseconds default_timeout = std::chrono::minutes(5);
  std::chrono::nanoseconds max_timeout = std::chrono::minutes(5);
  std::uint64_t default_memory_bytes = 256 << 20;
  std::optional<std::uint64_t> max_memory_bytes = {};  // absent: half of the machine's
  double default_cpus = 1.0;
  std::optional<double> max_cpus = {};  // absent: all of the machine's
  // Threads count. node alone has a dozen and a parallel build dozens; a fork bomb is held all the
  // same.
  std::uint32_t default_pids = 256;
  std::uint32_t max_pids = 4096;
  std::optional<std::uint64_t> default_disk_bytes = {};  // absent: as `cordon run`
  std::optional<std::uint64_t> max_disk_bytes = {};      // absent: the default
  std::uint64_t default_output_bytes = 1 << 20;          // stdout and stderr, each
  std::uint64_t max_output_bytes = 8 << 20;

  // Whether a request may have NetworkMode::Open. What was set with set_network_enabled() and kept
  // in the store comes before this.
  NetworkToggle network = NetworkToggle::Disabled;

  // Rules of the operator's, added to every request's policy. At the same path they replace the
  // request's, and what they take away no request gives back.
  std::vector<PathRule> rules = {};
  // Where work directories of callers who are not administrators may lie, symbolic links resolved.
  // Empty: anywhere. Absolute.
  std::vector<std::string> work_dirs = {};
  // Requests without a work directory get a private one below this, removed when they end. It is
  // made if it is missing, and what an earlier manager left in it is removed. Empty: such requests
  // are refused.
  std::string private_work_dirs = {};

  // How many commands run at a time. Absent: four for each processor and at least four: commands
  // wait more than they compute, and with the default memory four of them are 1 GiB.
  std::optional<std::size_t> max_running = {};
  std::size_t max_queued = 1024;  // of all callers; what comes then is refused at once
  // For callers that bring no quota of their own. Absent: only the two limits above.
  std::optional<std::size_t> max_running_per_caller = {};
  std::optional<std::size_t> max_queued_per_caller = {};

  // For backends that Manager::create() makes.
  LxcConfig lxc = {};
  GvisorConfig gvisor = {};

  // Finished executions that are answered from memory; the store has the others. Without a store
  // they are all there is.
  std::size_t most_remembered = 1000;
  std::uint64_t most_remembered_bytes = 16 << 20;

  // What levels are judged by. Absent: what select_backend(level) finds out, when the first level
  // is asked for.
  std::optional<HostFacts> host_facts = {};
};

}  // namespace cordon
