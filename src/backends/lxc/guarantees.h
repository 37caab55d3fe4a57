// The report of a sandbox, from what the instance is and what the kernel says of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "linux/foreign_groups.h"
#include "lxc/files.h"
#include "lxc/own_instance.h"
#include "lxc/store.h"

namespace cordon::lxc {

// Of an instance's first process, in this host's /proc.
struct Evidence {
  bool user_namespace = false;  // its root is nobody here
  std::vector<std::string> interfaces;
  bool other_network = false;  // than ours
};
// Absent where it cannot be looked at.
std::optional<Evidence> look_at_process(pid_t first_process);
// Those that `text`, a /proc/PID/net/dev, names, sorted.
std::vector<std::string> interfaces_in(std::string_view text);
// Whether `text`, a /proc/PID/uid_map, gives the host's root to nobody.
bool maps_no_root(std::string_view text);

struct Enforcement {
  const Policy* policy = nullptr;
  const Files* files = nullptr;
  StoreInfo store;
  bool instance_there = false;
  bool shared = false;      // others use the instance, too
  bool privileged = false;  // its root is the host's; only where it is shared
  Mapping mapping = Mapping::Shift;
  std::optional<Evidence> evidence;
  linux_os::ControlGroups groups;
};

Guarantees make_guarantees(const Enforcement& enforcement);

}  // namespace cordon::lxc
