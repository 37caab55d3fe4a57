#include "native/host.h"

#include "core/try.h"
#include "linux/init_image.h"
#include "linux/landlock.h"
#include "linux/seccomp.h"
#include "linux/user_namespaces.h"

namespace cordon::native {

Result<const HostFacts*> Host::facts() {
  std::call_once(looked_, [this] {
    facts_.cgroups = cgroup::detect();
    facts_.landlock_abi = linux_os::landlock_abi();
    if (!seccomp::guard_supported()) facts_.no_guard = "it needs Linux 5.19";
    auto image = linux_os::make_init_image();
    if (image) {
      facts_.init_image = std::move(*image);
    } else {
      unusable_ = std::move(image.error());
    }
    facts_.cgroups->sweep();
  });
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
