#include "docker/docker_backend.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "core/blocked_signals.h"
#include "core/try.h"
#include "docker/connect.h"
#include "docker/docker_sandbox.h"
#include "docker/image_fetch.h"
#include "docker/owner.h"
#include "engine/client.h"

namespace cordon {

namespace {

using namespace std::chrono_literals;

constexpr auto kReapInterval = 60s;
constexpr auto kPatience = 20s;
constexpr auto kLook = 300ms;  // selection asks, and waits no longer

class DockerBackend final : public Backend {
 public:
  std::string_view name() const override { return "docker"; }
  Tier tier() const override { return Tier::Container; }
  Capabilities capabilities() const override {
    return {.terminal = true, .network_toggle = true, .images = true, .runs_as_owner = true};
  }

  Result<void> supported() const override {
    TRY(docker::connect_here(kLook));
    return {};
  }

  Result<void> fetch_image(const ImagePull& pull) override {
    return docker::fetch_image(TRY(docker::connect_here(kPatience)), pull);
  }

  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    engine::Client client = TRY(docker::connect_here(kPatience));
    reap(client);
    return TRY(docker::DockerSandbox::create(std::move(client), spec));
  }

  ~DockerBackend() override {
    if (reaper_.joinable()) reaper_.join();
  }

 private:
  // Beside the run, so that nobody waits for what others left.
  void reap(const engine::Client& client) {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (last_reap_ && now - *last_reap_ < kReapInterval) return;
    last_reap_ = now;
    if (reaper_.joinable()) reaper_.join();
    const BlockedSignals blocked;
    try {
      reaper_ = std::thread([client] { (void)docker::reap_orphans(client); });
    } catch (const std::system_error&) {
      last_reap_.reset();  // out of threads: the next run reaps
    }
  }

  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> last_reap_;
  std::thread reaper_;
};

}  // namespace

std::unique_ptr<Backend> make_docker_backend() { return std::make_unique<DockerBackend>(); }

}  // namespace cordon
