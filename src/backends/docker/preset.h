// What holds in every container, whatever the policy says: nothing of it can be asked away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::docker {

// Who loads Cordon's filter of system calls. An engine compiles it rule by rule for every
// container, which costs a tenth of a run; the first process of Cordon's has it ready.
enum class FilteredBy { Engine, FirstProcess };

// Read-only root, no capabilities, no_new_privs, Cordon's system call filter, no network, IPC and
// control group namespaces of its own, paths of /proc and /sys masked or read-only, an init that
// reaps, no logs on the engine's disk, at most 4096 processes unless somebody says less. Errors:
// those of to_oci_json(), which there are none of.
Result<engine::HostConfig> hardened(FilteredBy filtered_by = FilteredBy::Engine);

// Whether an option of the engine's names a filter of system calls.
bool is_seccomp_option(const std::string& option);
// Whether it is one of the paths that every engine makes read-only unasked.
bool is_read_only_everywhere(std::string_view path);

// Has a container begin with Cordon's first process instead of the engine's. Both paths are the
// host's.
void run_first(const std::string& program, const std::string& socket,
               engine::ContainerConfig& config);

// The same with the one of containers that stay, in place of a command.
void run_idle(const std::string& program, engine::ContainerConfig& config);

// Where there is no network, has Docker do without setting one up, which takes longer than all the
// rest of a start: the namespace is made, with its loopback interface, all the same. `hosts` takes
// the place of the /etc/hosts that Docker then leaves out, unless something is mounted there.
void disable_network(const std::string& hosts, engine::ContainerConfig& config);

// What of a hardened container the engine did not take, in words: `given` is what it says that it
// has. Names and binds are compared with `asked`. Empty: all of it. Limits are not looked at.
std::vector<std::string> not_taken(const engine::ContainerConfig& asked,
                                   const engine::Container& given);

}  // namespace cordon::docker
