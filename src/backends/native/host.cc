#include "native/host.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/try.h"
#include "linux/init_image.h"
#include "linux/landlock.h"
#include "linux/seccomp.h"
#include "linux/user_namespaces.h"

namespace cordon::native {

namespace {

constexpr std::chrono::milliseconds kLongestSweepPause = std::chrono::minutes(1);

std::string why_no_guard() {
  if (!seccomp::guard_supported()) return "it needs Linux 5.19";
  // Then no process may read another one's memory, whatever its rights.
  const UniqueFd scope(open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC));
  char value = 0;
  const bool nobody = scope.valid() && read(scope.get(), &value, 1) == 1 && value == '3';
  return nobody ? "kernel.yama.ptrace_scope is 3" : "";
}

}  // namespace

void Host::sweep_now_and_then() {
  const std::unique_lock lock(sweep_mutex_, std::try_to_lock);
  const auto now = std::chrono::steady_clock::now();
  if (!lock || now < next_sweep_) return;
  facts_.cgroups->sweep();
  next_sweep_ = now + sweep_pause_;
  sweep_pause_ = std::min(4 * sweep_pause_, kLongestSweepPause);
}

Result<const HostFacts*> Host::facts() {
  std::call_once(looked_, [this] {
    facts_.cgroups = cgroup::detect();
    facts_.landlock_abi = linux_os::landlock_abi();
    facts_.no_guard = why_no_guard();
    auto image = linux_os::make_init_image();
    if (image) {
      facts_.init_image = std::move(*image);
    } else {
      unusable_ = std::move(image.error());
    }
  });
  sweep_now_and_then();
  if (unusable_) return std::unexpected(*unusable_);
  return &facts_;
}

void Host::prepare_ahead() { nursery_ = std::make_unique<Nursery>(); }

Result<void> Host::can_build() {
  const std::scoped_lock lock(buildable_mutex_);
  if (buildable_) return {};
  const auto found = TRY(facts());
  const auto namespaces = linux_os::probe_user_namespaces();
  if (!namespaces.usable && found->landlock_abi == 0) {
    return std::unexpected(Error{ErrorCode::Unsupported, "build a sandbox", "", 0,
                                 namespaces.blocked_by + "; and this kernel has no Landlock",
                                 namespaces.remedy});
  }
  buildable_ = true;
  return {};
}

}  // namespace cordon::native
