#include "docker/docker_backend.h"

#include <chrono>

#include "core/try.h"
#include "docker/connect.h"
#include "docker/docker_sandbox.h"
#include "docker/image_fetch.h"
#include "docker/own_place.h"
#include "docker/owner.h"
#include "engine/client.h"
#include "sandbox/periodic_reaper.h"

namespace cordon {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;
constexpr auto kLook = 300ms;  // selection asks, and waits no longer

class DockerBackend final : public Backend {
 public:
  explicit DockerBackend(docker::Runtime runtime) : runtime_(runtime) {}

  std::string_view name() const override { return on_gvisor() ? "gvisor-docker" : "docker"; }
  Tier tier() const override { return on_gvisor() ? Tier::Gvisor : Tier::Container; }
  Capabilities capabilities() const override {
    return {.terminal = true, .network_toggle = true, .images = true, .runs_as_owner = true};
  }

  Result<void> supported() const override {
    const engine::Client client = TRY(docker::connect_here(kLook));
    if (on_gvisor()) TRY(docker::find_runsc(TRY(client.info())));
    return {};
  }

  Result<void> fetch_image(const ImagePull& pull) override {
    return docker::fetch_image(TRY(docker::connect_here(kPatience)), pull);
  }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    engine::Client client = TRY(docker::connect_here(kPatience));
    reaper_.run([client] {
      docker::reap_orphans_in_passing(client);
      docker::sweep_own_places();
    });
    return TRY(docker::DockerSandbox::create(std::move(client), spec, runtime_));
  }

 private:
  bool on_gvisor() const { return runtime_ == docker::Runtime::Runsc; }

  const docker::Runtime runtime_;
  PeriodicReaper reaper_;
};

}  // namespace

std::unique_ptr<Backend> make_docker_backend() {
  return std::make_unique<DockerBackend>(docker::Runtime::OfTheEngine);
}

std::unique_ptr<Backend> make_gvisor_docker_backend() {
  return std::make_unique<DockerBackend>(docker::Runtime::Runsc);
}

}  // namespace cordon
