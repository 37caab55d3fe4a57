#include "gvisor/gvisor_backend.h"

#include <mutex>
#include <optional>

#include "core/try.h"
#include "gvisor/gvisor_sandbox.h"
#include "gvisor/runsc.h"
#include "linux/user_namespaces.h"
#include "native/host.h"

namespace cordon {

namespace {

class GvisorBackend final : public Backend {
 public:
  std::string_view name() const override { return "gvisor"; }
  Tier tier() const override { return Tier::Gvisor; }
  Capabilities capabilities() const override {
    const bool checkpoints = gvisor::can_checkpoint().has_value();
    return {
        .terminal = true, .pause = true, .checkpoint_memory = checkpoints, .network_toggle = true};
  }

  Result<void> supported() const override {
    TRY(runsc());
    const auto namespaces = linux_os::probe_user_namespaces();
    if (namespaces.usable) return {};
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "build a world for runsc",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = namespaces.blocked_by,
                                 .remedy = namespaces.remedy});
  }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    return TRY(gvisor::GvisorSandbox::create(host_, TRY(runsc()), spec));
  }

  Result<std::unique_ptr<Sandbox>> restore(const SandboxSpec& spec,
                                           const std::string& directory) override {
    return TRY(gvisor::GvisorSandbox::restore(host_, TRY(runsc()), spec, directory));
  }

  Result<void> remove_checkpoint(const std::string& directory) override {
    return gvisor::remove_checkpoint(directory);
  }

 private:
  // A yes is remembered.
  Result<gvisor::Runsc> runsc() const {
    const std::scoped_lock lock(mutex_);
    if (!runsc_) runsc_ = TRY(gvisor::find_runsc());
    return *runsc_;
  }

  native::Host host_;
  mutable std::mutex mutex_;
  mutable std::optional<gvisor::Runsc> runsc_;
};

}  // namespace

std::unique_ptr<Backend> make_gvisor_backend() { return std::make_unique<GvisorBackend>(); }

}  // namespace cordon
