// A user and a group besides the caller's own, for gVisor's kernel: runsc goes on from a checkpoint
// with two of each. Root has them; another user has those that /etc/subuid and /etc/subgid give it,
// which newuidmap and newgidmap put into place.
#pragma once

#include <sys/types.h>

#include "cordon/error.h"
#include "native/caller.h"

namespace cordon::gvisor {

// What gVisor's kernel is in the sandbox's user namespace, where there are two.
inline constexpr uid_t kKernelUser = 65534;

struct SecondIds {
  uid_t uid = 0;
  gid_t gid = 0;
};

// Errors: Unsupported: this caller has none to give, with the remedy.
Result<SecondIds> find_second_ids(const native::Caller& caller);

// Maps them, and the caller to 0, for the first process of a launch that waits for its orders, and
// whose setgroups is denied. Errors: Unsupported, with what the programs said.
Result<void> map_by_programs(pid_t first, const native::Caller& caller, const SecondIds& second);

}  // namespace cordon::gvisor
