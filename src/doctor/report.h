// What `cordon doctor` found out about this host. A value; rendered by table.h and json.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/guarantees.h"
#include "cordon/tier.h"
#include "linux/cgroup.h"
#include "linux/container_kind.h"

namespace cordon::doctor {

enum class State { Ok, Limited, Missing };

std::string_view to_string(State state);

struct Check {
  State state = State::Missing;
  std::string found;   // what is there, or what is wrong
  std::string remedy;  // the one command that unlocks it; empty when there is none
};

// What one attempt to use the light tier came to.
enum class LightTier {
  Full,         // a sandbox ran, and no guarantee was absent
  Degraded,     // it ran, with guarantees absent or only because weaker ones were accepted
  Unavailable,  // nothing ran
};

std::string_view to_string(LightTier tier);

struct TierReport {
  Tier tier = Tier::Light;
  std::string backend;  // empty: this build has none for the tier
  Check check;
};

struct LevelReport {
  IsolationLevel level = IsolationLevel::Default;
  std::string backend;  // empty: the level is refused here
  Check check;          // why this one, or what is missing
};

struct HostReport {
  // Facts
  unsigned uid = 0;
  std::string kernel_release;
  linux_os::ContainerKind container = linux_os::ContainerKind::None;
  int landlock_abi = 0;  // 0: none
  cgroup::Support cgroup_support;

  // Judgements, in the order in which they are shown
  Check kernel;
  Check user_namespaces;
  Check root_directory;
  Check proc_mount;
  Check apparmor;
  Check selinux;
  Check cgroups;
  Check landlock;
  Check seccomp;
  Check no_new_privileges;
  Check executable_memfd;
  Check kvm;
  Check runsc;
  Check docker;
  Check podman;
  Check lxc;
  Check qemu;
  Check nft;
  Check bubblewrap;

  // What that comes to
  std::vector<TierReport> tiers;
  std::vector<LevelReport> levels;  // which backend `cordon run --level` takes
  LightTier light = LightTier::Unavailable;
  Guarantees guarantees;  // of the light tier, as one real run reported them
};

struct CheckRow {
  std::string_view id;     // stable: scripts may rely on it
  std::string_view label;  // for people
  Check HostReport::* check;
};

std::span<const CheckRow> check_rows();

// 0: the light tier works fully. 1: degraded. 2: nothing works.
int exit_status(const HostReport& report);

}  // namespace cordon::doctor
