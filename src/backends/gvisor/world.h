// The world that runsc runs in: namespaces and a root of its own, in which nothing of the host is
// but the program itself, a few devices, and the tree that the policy shows.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "gvisor/checkpoint.h"
#include "gvisor/console.h"
#include "gvisor/runsc.h"
#include "gvisor/second_ids.h"
#include "linux/plan.h"
#include "native/caller.h"
#include "native/compile.h"
#include "native/paths.h"

namespace cordon::gvisor {

linux_os::Groundwork make_groundwork(NetworkMode network);

struct WorldInput {
  const Runsc* runsc = nullptr;
  Platform platform = Platform::Ptrace;
  const native::CompileInput* policy = nullptr;
  const native::RuleSet* rules = nullptr;
  std::string config;                              // the bundle's
  const VerifiedCheckpoint* checkpoint = nullptr;  // null: a new command
  const Console* console = nullptr;                // null: no terminal
  std::optional<native::Location> stage = {};      // the host's program; absent: none
};

// For the groundwork above.
linux_os::Plan make_plan(const WorldInput& input);

// Gives the first process of a launch its user and group, while it waits for its orders: the
// namespace's 0 is the caller; for root, nobody is nobody, too, so that gVisor's kernel can be
// that, and for another caller it is `second`, where there is one. Errors: errno of writing to
// /proc; those of map_by_programs().
Result<void> map_users(pid_t first, const native::Caller& caller,
                       const std::optional<SecondIds>& second);

struct RuntimeInput {
  Platform platform = Platform::Ptrace;
  bool two_users = false;  // as map_users() has mapped them
  NetworkMode network = NetworkMode::None;
  bool from_checkpoint = false;  // WorldInput::checkpoint
  bool console = false;          // WorldInput::console
  std::string id;                // of the container
};

// argv of runsc, for the sandbox's own container.
std::vector<std::string> runsc_arguments(const RuntimeInput& input);

}  // namespace cordon::gvisor
