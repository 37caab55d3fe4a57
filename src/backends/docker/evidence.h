// What the kernel says of a running container's first process: the engine's word, checked.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker/identity.h"

namespace cordon::docker {

struct Evidence {
  bool no_capabilities = false;  // none in any set, and none to be had
  bool no_new_privileges = false;
  bool filtered = false;  // a system call filter
  std::optional<uid_t> uid;
  std::string label;  // by which a security module confines it, in words; empty: none does
  std::optional<bool> own_network;  // not Cordon's; absent: not for this caller to see
};

// From the text of /proc/PID/status.
Evidence read_evidence(std::string_view status);

// From the text of /proc/PID/attr/current, in words: "AppArmor docker-default (enforce)", "SELinux
// system_u:system_r:container_t:s0". Empty where nothing confines it.
std::string read_label(std::string_view attribute);

// Absent where the process cannot be looked at: it has ended, or the engine's processes are not
// those of this PID namespace. `container` is its id, which its control group's name must hold: the
// number may be somebody else's.
std::optional<Evidence> look_at_process(pid_t pid, std::string_view container);

// Whether the process is gVisor's kernel, which runs the container's. Absent where it has ended.
std::optional<bool> is_gvisors_kernel(pid_t pid);
// From the text of /proc/PID/cmdline. A runtime that has not yet begun the command is not it, by
// whatever name it goes.
bool is_gvisors_kernel(std::string_view words);

// Whether the process runs this program, by its identity.
bool runs(pid_t pid, const std::string& program);
// The same, where this caller may see it: else nothing speaks against it.
bool may_run(pid_t pid, const std::string& program);
// Whether this caller sees which program a process of another user runs.
bool sees_programs();

// What of it contradicts the preset, in words. `same_users`: user numbers in containers are the
// host's.
std::vector<std::string> contradictions(const Evidence& evidence, const Identity& identity,
                                        bool same_users);

}  // namespace cordon::docker
