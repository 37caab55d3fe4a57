#include "native/native_backend.h"

#include <memory>

#include "core/try.h"
#include "native/host.h"
#include "native/native_sandbox.h"

namespace cordon {

namespace {

class NativeBackend final : public Backend {
 public:
  explicit NativeBackend(Preparation preparation) : preparation_(preparation) {
    if (preparation == Preparation::Ahead) host_.prepare_ahead();
  }

  std::string_view name() const override { return "native"; }
  Tier tier() const override { return Tier::Light; }
  Capabilities capabilities() const override {
    return {.terminal = true, .observe = true, .network_toggle = true};
  }

  Result<void> supported() const override { return host_.can_build(); }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    const auto beginning = preparation_ == Preparation::OnDemand ? native::Beginning::AtStart
                                                                 : native::Beginning::AtOnce;
    return TRY(native::NativeSandbox::create(host_, spec, beginning));
  }

 private:
  const Preparation preparation_;
  mutable native::Host host_;  // finds its facts when asked
};

}  // namespace

std::unique_ptr<Backend> make_native_backend(Preparation preparation) {
  return std::make_unique<NativeBackend>(preparation);
}

}  // namespace cordon
