#include "gvisor/gvisor_backend.h"

#include <mutex>
#include <optional>
#include <utility>

#include "core/try.h"
#include "gvisor/gvisor_sandbox.h"
#include "gvisor/kvm_trial.h"
#include "gvisor/platform.h"
#include "gvisor/runsc.h"
#include "linux/user_namespaces.h"
#include "native/host.h"

namespace cordon {

namespace {

class GvisorBackend final : public Backend {
 public:
  GvisorBackend(gvisor::Measure measure, GvisorConfig config)
      : measure_(measure), config_(std::move(config)) {}

  std::string_view name() const override { return "gvisor"; }
  Tier tier() const override { return Tier::Gvisor; }
  Capabilities capabilities() const override {
    const bool checkpoints = gvisor::can_checkpoint(measure_).has_value();
    return {
        .terminal = true, .pause = true, .checkpoint_memory = checkpoints, .network_toggle = true};
  }

  Result<void> supported() const override {
    TRY(gvisor::stated_platform(config_));
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
    const gvisor::Runsc program = TRY(runsc());
    return TRY(
        gvisor::GvisorSandbox::create(host_, program, TRY(platform(program)), spec, measure_));
  }

  Result<std::unique_ptr<Sandbox>> restore(const SandboxSpec& spec,
                                           const std::string& directory) override {
    const gvisor::Runsc program = TRY(runsc());
    return TRY(gvisor::GvisorSandbox::restore(host_, program, TRY(platform(program)), spec,
                                              directory, measure_));
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

  // Each time: another Cordon may have tried KVM since.
  Result<gvisor::PlatformChoice> platform(const gvisor::Runsc& program) {
    const auto stated = TRY(gvisor::stated_platform(config_));
    return gvisor::choose_platform(program.platforms, stated, [&] {
      return gvisor::ask_kvm(host_, program,
                             stated ? gvisor::EarlierNo::TriedAgain : gvisor::EarlierNo::Believed);
    });
  }

  const gvisor::Measure measure_;
  const GvisorConfig config_;
  native::Host host_;
  mutable std::mutex mutex_;
  mutable std::optional<gvisor::Runsc> runsc_;
};

}  // namespace

std::unique_ptr<Backend> make_gvisor_backend(gvisor::Measure measure, GvisorConfig config) {
  return std::make_unique<GvisorBackend>(measure, std::move(config));
}

}  // namespace cordon
