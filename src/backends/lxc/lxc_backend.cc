#include "lxc/lxc_backend.h"

#include <chrono>
#include <utility>

#include "core/try.h"
#include "lxc/classic_sandbox.h"
#include "lxc/lxc_sandbox.h"
#include "lxc/own_instance.h"
#include "lxc/settings.h"
#include "lxc/store.h"
#include "sandbox/periodic_reaper.h"

namespace cordon {

namespace {

using namespace std::chrono_literals;

// Selection asks, and waits no longer: for two answers.
constexpr auto kLook = 900ms;

class LxcBackend final : public Backend {
 public:
  explicit LxcBackend(LxcConfig config) : config_(std::move(config)) {}

  std::string_view name() const override { return "lxc"; }
  Tier tier() const override { return Tier::Strong; }
  Capabilities capabilities() const override {
    const auto settings = lxc::settings_of(config_);
    return {.terminal = !settings || settings->attach.empty(),
            .images = !settings || settings->instance.empty(),
            .runs_as_owner = true};
  }

  Result<void> supported() const override {
    const lxc::Settings settings = TRY(lxc::settings_of(config_));
    if (!settings.attach.empty()) {
      TRY(lxc::find_container(settings, 2 * kLook));
      return {};
    }
    auto found = lxc::Store::connect(settings, kLook);
    if (!found) {
      // For a choice of backends a store that does not answer is one that is not there.
      if (found.error().code == ErrorCode::Unavailable) found.error().code = ErrorCode::Unsupported;
      return std::unexpected(std::move(found).error());
    }
    const lxc::Store& store = *found;
    if (settings.instance.empty()) return {};
    const lxc::Instance instance = TRY(store.instance(settings.instance, kLook));
    if (instance.running) return {};
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "use the instance",
                                 .subject = settings.instance,
                                 .sys_errno = 0,
                                 .detail = "it does not run",
                                 .remedy = "`lxc start " + settings.instance + "` starts it"});
  }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    constexpr auto kPatience = 20s;
    const lxc::Settings settings = TRY(lxc::settings_of(config_));
    if (!settings.attach.empty()) {
      return TRY(lxc::ClassicSandbox::create(TRY(lxc::find_container(settings, kPatience)), spec));
    }
    lxc::Store store = TRY(lxc::Store::connect(settings, kPatience));
    reaper_.run([store] { (void)lxc::reap_orphans(store); });
    SandboxSpec whole = spec;
    if (whole.image.empty()) whole.image = settings.image;
    return TRY(lxc::LxcSandbox::create(std::move(store), settings.instance, whole));
  }

 private:
  const LxcConfig config_;
  PeriodicReaper reaper_;
};

}  // namespace

std::unique_ptr<Backend> make_lxc_backend(LxcConfig config) {
  return std::make_unique<LxcBackend>(std::move(config));
}

}  // namespace cordon
