#include "native/native_backend.h"

#include <unistd.h>

#include <memory>
#include <optional>

#include "core/try.h"
#include "linux/init_image.h"
#include "linux/landlock.h"
#include "linux/user_namespaces.h"
#include "native/host.h"
#include "native/native_sandbox.h"

namespace cordon {

namespace {

class NativeBackend final : public Backend {
 public:
  explicit NativeBackend(Preparation preparation) {
    // First, because it goes on beside all the rest. Only root may make a network namespace outside
    // a user namespace of the sandbox's own.
    if (preparation == Preparation::One && geteuid() == 0) {
      host_.nursery = std::make_unique<native::Nursery>();
    }
    host_.cgroups = cgroup::detect();
    host_.landlock_abi = linux_os::landlock_abi();
    auto image = linux_os::make_init_image();
    if (image) {
      host_.init_image = std::move(*image);
    } else {
      unusable_ = std::move(image.error());
    }
    host_.cgroups->sweep();
    if (preparation == Preparation::Ahead && !unusable_) {
      host_.nursery = std::make_unique<native::Nursery>(*host_.cgroups);
    }
  }

  std::string_view name() const override { return "native"; }
  Tier tier() const override { return Tier::Light; }
  Capabilities capabilities() const override { return {.terminal = true}; }

  Result<void> supported() const override {
    if (unusable_) return std::unexpected(*unusable_);
    const auto namespaces = linux_os::probe_user_namespaces();
    if (namespaces.usable || host_.landlock_abi > 0) return {};
    return std::unexpected(Error{ErrorCode::Unsupported, "build a sandbox", "", 0,
                                 namespaces.blocked_by + "; and this kernel has no Landlock",
                                 namespaces.remedy});
  }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    if (unusable_) return std::unexpected(*unusable_);
    return TRY(native::NativeSandbox::create(host_, spec));
  }

 private:
  native::Host host_;
  std::optional<Error> unusable_;
};

}  // namespace

std::unique_ptr<Backend> make_native_backend(Preparation preparation) {
  return std::make_unique<NativeBackend>(preparation);
}

}  // namespace cordon
