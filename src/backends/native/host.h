// What all sandboxes of one native backend share. Made once, used from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/cgroup.h"
#include "native/nursery.h"

namespace cordon::native {

// What the host offers, found out once.
struct HostFacts {
  std::unique_ptr<cgroup::Hierarchy> cgroups;  // never null
  UniqueFd init_image;
  int landlock_abi = 0;
  std::string no_guard;  // why this kernel cannot have a guard, in words; empty: it can
};

class Host {
 public:
  // Looked up when first asked for: a program that starts one sandbox asks while the sandbox's
  // first process is at work already. Errors: cordon-init cannot be run here.
  Result<const HostFacts*> facts();

  // Whether a sandbox of some strength can be built. A yes is remembered: finding out takes as long
  // as a sandbox.
  Result<void> can_build();

  // From now on sandboxes are prepared before they are asked for. Once, before any is.
  void prepare_ahead();
  Nursery* nursery() const { return nursery_.get(); }

 private:
  // Removes the groups of processes that were killed. Once is not enough for who lives long: such a
  // group can be removed when the kernel is done with its last task.
  void sweep_now_and_then();

  std::once_flag looked_;
  HostFacts facts_;
  std::optional<Error> unusable_;
  std::mutex buildable_mutex_;
  bool buildable_ = false;
  std::mutex sweep_mutex_;
  std::chrono::steady_clock::time_point next_sweep_;
  std::chrono::milliseconds sweep_pause_{1000};
  std::unique_ptr<Nursery> nursery_;  // last: it uses the facts
};

}  // namespace cordon::native
