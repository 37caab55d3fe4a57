#include "lxc/lxc_backend.h"

#include <chrono>
#include <utility>

#include "core/try.h"
#include "lxc/classic_sandbox.h"
#include "lxc/kept_instance.h"
#include "lxc/lxc_sandbox.h"
#include "lxc/orphans.h"
#include "lxc/settings.h"
#include "lxc/store.h"
#include "sandbox/periodic_reaper.h"

namespace cordon {

namespace {

using namespace std::chrono_literals;

// Selection asks, and waits no longer: for two answers.
constexpr auto kLook = 900ms;
constexpr auto kPatience = 20s;

class LxcBackend final : public Backend {
 public:
  explicit LxcBackend(LxcConfig config) : config_(std::move(config)) {}

  std::string_view name() const override { return "lxc"; }
  Tier tier() const override { return Tier::Strong; }
  Capabilities capabilities() const override {
    const auto settings = lxc::settings_of(config_);
    return {
        .terminal = !settings || settings->attach.empty(),
        .checkpoint_files = !settings || (settings->attach.empty() && settings->instance.empty()),
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
    const lxc::Settings settings = TRY(lxc::settings_of(config_));
    if (!settings.attach.empty()) {
      return TRY(lxc::ClassicSandbox::create(TRY(lxc::find_container(settings, kPatience)), spec));
    }
    return TRY(lxc::LxcSandbox::create(TRY(store(settings)), settings, whole(spec, settings)));
  }

  Result<std::unique_ptr<Sandbox>> restore(const SandboxSpec& spec,
                                           const std::string& directory) override {
    const lxc::Settings settings = TRY(lxc::settings_of(config_));
    if (!settings.attach.empty()) return std::unexpected(lxc::no_checkpoints_of_classic());
    return TRY(
        lxc::LxcSandbox::restore(TRY(store(settings)), settings, whole(spec, settings), directory));
  }

  Result<void> remove_checkpoint(const std::string& directory) override {
    const lxc::Settings settings = TRY(lxc::settings_of(config_));
    if (!settings.attach.empty()) return std::unexpected(lxc::no_checkpoints_of_classic());
    return lxc::remove_kept(TRY(store(settings)), directory);
  }

 private:
  Result<lxc::Store> store(const lxc::Settings& settings) {
    lxc::Store store = TRY(lxc::Store::connect(settings, kPatience));
    reaper_.run([store] { (void)lxc::reap_orphans(store); });
    return store;
  }

  static SandboxSpec whole(SandboxSpec spec, const lxc::Settings& settings) {
    if (spec.image.empty()) spec.image = settings.image;
    return spec;
  }

  const LxcConfig config_;
  PeriodicReaper reaper_;
};

}  // namespace

std::unique_ptr<Backend> make_lxc_backend(LxcConfig config) {
  return std::make_unique<LxcBackend>(std::move(config));
}

}  // namespace cordon
