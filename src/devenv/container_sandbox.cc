#include "cordon/container_sandbox.h"

#include <fmt/format.h>

#include <mutex>
#include <thread>
#include <vector>

#include "core/try.h"
#include "devenv/container_exec.h"
#include "devenv/env_names.h"
#include "devenv/image_build.h"
#include "docker/connect.h"
#include "docker/first_process.h"
#include "docker/hardened_container.h"
#include "docker/owner.h"

namespace cordon {

namespace {

using devenv::kEnvLabel;
using docker::HardenedContainer;
using docker::OwnedContainer;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 20s;
// What made it: a container that is taken over must have been made of the same.
constexpr std::string_view kConfigLabel = "io.cordon.env.config";
// Its input is never written to and never ends: `read` waits without a program of the image's.
constexpr std::string_view kIdle = "read -r _";

std::string label_of(const engine::Container& container, std::string_view name) {
  return std::string(docker::label_of(container.config.labels, name));
}

// A container and what it was made of; removed when the last command in it has ended.
struct Generation {
  std::unique_ptr<HardenedContainer> plan;
  std::shared_ptr<OwnedContainer> container;
  pid_t first_process = 0;  // 0: not known
  linux_os::ControlGroups groups = {};

  void hold(std::shared_ptr<OwnedContainer> held, pid_t first) {
    container = std::move(held);
    watch(first);
  }
  void watch(pid_t first) {
    first_process = first;
    groups = linux_os::find_groups(first_process, container->id());
  }
  devenv::RunningContainer running() const { return {container->id(), groups}; }
};

class EngineSandbox final : public ContainerSandbox {
 public:
  EngineSandbox(ContainerSandboxOptions options, engine::Client client)
      : options_(std::move(options)),
        client_(std::move(client)),
        id_(devenv::kept_container_id(options_.project_dir)),
        image_(options_.image) {}

  Result<void> start() override {
    const std::scoped_lock turn(turn_);
    if (running()) {
      const auto generation = current();
      if (let_go(*generation).empty()) return {};
      docker::reap_orphans_in_passing(client_);
      return swap(*generation, image());
    }
    forget();
    docker::reap_orphans_in_passing(client_);
    return begin(image());
  }

  Result<ExecutionResult> exec(std::string_view command, const ExecOptions& options) override {
    // Held to the end: a swap meanwhile leaves it alone.
    const std::shared_ptr<Generation> generation = current();
    if (!generation) return std::unexpected(not_running());
    TRY(check_rules_hold(*generation));
    auto result = devenv::exec_in_container(client_, generation->running(), command, options);
    if (!result && (result.error().code == ErrorCode::Conflict ||
                    result.error().code == ErrorCode::NotFound)) {
      return std::unexpected(not_running());
    }
    if (result) result->guarantees = generation->plan->guarantees();
    return result;
  }

  Result<void> stop() override {
    const std::scoped_lock turn(turn_);
    docker::reap_orphans_in_passing(client_);
    const auto generation = current();
    forget();
    if (generation) {
      generation->container->give_up();
      return client_.remove(generation->container->id());
    }
    // One that was kept by another process.
    const auto namesake = client_.inspect(name());
    if (!namesake) {
      return namesake.error().code == ErrorCode::NotFound ? Result<void>()
                                                          : std::unexpected(namesake.error());
    }
    TRY(check_ours(*namesake));
    return client_.remove(namesake->id);
  }

  Result<void> hot_swap(const std::string& wanted) override {
    const std::scoped_lock turn(turn_);
    const std::string image = wanted.empty() ? this->image() : wanted;
    docker::reap_orphans_in_passing(client_);
    if (!current() && options_.life == ContainerLife::Kept) adopt();
    if (!current()) {
      TRY(begin(image));
      set_image(image);
      return {};
    }
    return swap(*current(), image);
  }

  Result<std::string> build_from_dockerfile(
      std::string_view text, const std::function<void(std::string_view)>& progress) override {
    const auto dockerfile =
        TRY(devenv::read_dockerfile(text, {}, fmt::format("{}={}", kEnvLabel, id_)));
    const auto context = TRY(devenv::BuildContext::scan(options_.project_dir, dockerfile));
    TRY(devenv::find_bases(client_, dockerfile,
                           {.pull = {.image = "", .policy = PullPolicy::Never},
                            .network = options_.policy.network,
                            .words = {.network = "an open network", .fetch = "`docker pull`"}}));
    constexpr std::size_t kTagDigits = 16;
    std::string name = fmt::format("{}:{}", devenv::image_repository(options_.project_dir, id_),
                                   devenv::sha256(text).substr(0, kTagDigits));
    TRY(devenv::build_image(client_, {.context = &context,
                                      .dockerfile = &dockerfile,
                                      .tag = name,
                                      .network = options_.policy.network,
                                      .memory_bytes = options_.policy.limits.memory_bytes,
                                      .output = progress}));
    set_image(name);
    return name;
  }

  std::string image() const override {
    const std::scoped_lock lock(mutex_);
    return image_;
  }
  void set_image(std::string image) override {
    const std::scoped_lock lock(mutex_);
    image_ = std::move(image);
  }
  bool running() const override {
    const auto generation = current();
    if (!generation) return false;
    const auto container = client_.inspect(generation->container->id());
    return container && container->state.running;
  }
  std::string container_id() const override {
    const auto generation = current();
    return generation ? generation->container->id() : "";
  }
  Guarantees guarantees() const override {
    const auto generation = current();
    return generation ? generation->plan->guarantees() : Guarantees();
  }

 private:
  std::string name() const { return "cordon-env-" + id_; }

  Error not_running() const {
    return {.code = ErrorCode::Conflict,
            .operation = "run in the container of",
            .subject = options_.project_dir,
            .sys_errno = 0,
            .detail = "container not running",
            .remedy = "start() it first"};
  }

  // Rules that hold no more in it. None where its first process never was to be seen.
  std::vector<std::string> let_go(const Generation& generation) const {
    if (generation.first_process == 0) return {};
    const std::string& id = generation.container->id();
    if (auto found = generation.plan->let_go(id, generation.first_process)) {
      return *std::move(found);
    }
    // Started anew, after a command that could not be killed alone.
    const auto container = client_.inspect(id);
    if (!container) return {};
    return generation.plan->let_go(id, container->state.pid).value_or(std::vector<std::string>());
  }

  // A container that stays outlives many a save of an editor.
  Result<void> check_rules_hold(const Generation& generation) const {
    const auto let_go = this->let_go(generation);
    if (let_go.empty()) return {};
    return std::unexpected(
        Error{.code = ErrorCode::Conflict,
              .operation = "run in the container of",
              .subject = options_.project_dir,
              .sys_errno = 0,
              .detail = fmt::format("the host has replaced {}, and no rule holds in the container "
                                    "for what is there now",
                                    let_go.front()),
              .remedy = "start() puts a new one in its place"});
  }

  std::shared_ptr<Generation> current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void promote(std::shared_ptr<Generation> generation) {
    if (options_.life == ContainerLife::Kept) generation->container->keep();
    const std::scoped_lock lock(mutex_);
    current_ = std::move(generation);
  }
  void forget() {
    const std::scoped_lock lock(mutex_);
    current_.reset();
  }

  Result<void> check_ours(const engine::Container& container) const {
    if (label_of(container, kEnvLabel) == id_) return {};
    return std::unexpected(Error{.code = ErrorCode::Conflict,
                                 .operation = "use the container's name",
                                 .subject = name(),
                                 .sys_errno = 0,
                                 .detail = "somebody else's container has it",
                                 .remedy = "`docker rename` gives that one another name"});
  }

  Result<std::shared_ptr<Generation>> plan(const std::string& image,
                                           engine::ContainerConfig& config) const {
    auto generation = std::make_shared<Generation>();
    generation->plan = TRY(HardenedContainer::plan(client_,
                                                   {.id = id_,
                                                    .work_dir = options_.project_dir,
                                                    .policy = options_.policy,
                                                    .weaker_guarantees = options_.weaker_guarantees,
                                                    .image = image},
                                                   docker::Runtime::OfTheEngine));
    docker::ContainerCommand command{.words = {"/bin/sh", "-c", std::string(kIdle)},
                                     .open_stdin = true};
    if (generation->plan->must_idle())
      command = {.words = {}, .idle = TRY(docker::find_idle_program())};
    config = TRY(generation->plan->config_for(command));
    config.labels = {
        {std::string(docker::kSandboxLabel), id_},
        {std::string(kEnvLabel), id_},
        {std::string(devenv::kProjectLabel), options_.project_dir},
        // Empty, and not absent, where nobody owns it: the image may have one.
        {std::string(docker::kOwnerLabel),
         options_.life == ContainerLife::WithOwner ? docker::own_owner_label() : std::string()}};
    config.labels.emplace_back(kConfigLabel, devenv::sha256(engine::to_json(config)));
    return generation;
  }

  // Takes over what another process kept, where it is what would be made now.
  void adopt() {
    const auto namesake = client_.inspect(name());
    if (!namesake || !namesake->state.running || !check_ours(*namesake) ||
        !label_of(*namesake, docker::kOwnerLabel).empty()) {
      return;
    }
    engine::ContainerConfig config;
    auto generation = plan(namesake->config.image, config);
    if (!generation || !(*generation)->plan->look_again(namesake->id, config)) return;
    (*generation)
        ->hold(std::make_shared<OwnedContainer>(client_, namesake->id), namesake->state.pid);
    promote(*std::move(generation));
  }

  // The caller has the turn, and holds `before`, which is current().
  Result<void> swap(const Generation& before, const std::string& image) {
    auto next = TRY(make(image));
    // From here to its end it is ours, not nobody's: whoever comes after a kill removes it.
    (void)client_.rename(before.container->id(), TRY(docker::name_aside(id_)));
    if (auto named = client_.rename(next->container->id(), name()); !named) {
      (void)client_.rename(before.container->id(), name());
      return named;
    }
    promote(std::move(next));
    before.container->give_up();
    set_image(image);
    return {};
  }

  Result<void> begin(const std::string& image) {
    engine::ContainerConfig config;
    auto generation = TRY(plan(image, config));
    const auto namesake = client_.inspect(name());
    if (namesake) {
      TRY(check_ours(*namesake));
      const std::string owner = label_of(*namesake, docker::kOwnerLabel);
      const bool same = options_.life == ContainerLife::Kept && owner.empty() &&
                        namesake->state.running &&
                        label_of(*namesake, kConfigLabel) == config.labels.back().second &&
                        generation->plan->look_again(namesake->id, config) &&
                        generation->plan->let_go(namesake->id, namesake->state.pid)
                            .value_or(std::vector<std::string>())
                            .empty();
      if (same) {
        generation->hold(std::make_shared<OwnedContainer>(client_, namesake->id),
                         namesake->state.pid);
        promote(std::move(generation));
        return {};
      }
      const docker::Owner who = docker::look_up_owner(owner, true);
      if (namesake->state.running &&
          (who == docker::Owner::Alive || who == docker::Owner::Elsewhere)) {
        return std::unexpected(Error{.code = ErrorCode::Conflict,
                                     .operation = "start the container of",
                                     .subject = options_.project_dir,
                                     .sys_errno = 0,
                                     .detail = who == docker::Owner::Alive
                                                   ? "one runs already, of another owner that is "
                                                     "alive"
                                                   : "one runs already, of an owner on another "
                                                     "host",
                                     .remedy = "stop that one first"});
      }
      TRY(client_.remove(namesake->id));
    }
    auto made = TRY(make(image));
    TRY(client_.rename(made->container->id(), name()));
    promote(std::move(made));
    return {};
  }

  // One that has passed its health check, and has not the name yet: what has it works. Nothing is
  // left of one that has not passed.
  Result<std::shared_ptr<Generation>> make(const std::string& image) const {
    engine::ContainerConfig config;
    auto generation = TRY(plan(image, config));
    generation->container = TRY(generation->plan->make(TRY(docker::name_aside(id_)), config));
    const std::string& id = generation->container->id();
    TRY(client_.start(id));
    const pid_t first_process = TRY(generation->plan->check_running(id));
    TRY(check_health(id, image));
    generation->watch(first_process);
    return generation;
  }

  Result<void> check_health(const std::string& id, const std::string& image) const {
    const auto until = steady_clock::now() + options_.health_patience;
    const std::string command = options_.health_check.empty() ? ":" : options_.health_check;
    std::string said;
    for (auto pause = 50ms;; pause = std::min<std::chrono::milliseconds>(pause * 2, 1000ms)) {
      const auto left = until - steady_clock::now();
      if (left.count() <= 0) break;
      constexpr std::uint64_t kKeep = 2000;
      const auto result =
          devenv::exec_in_container(client_, {id}, command, {.timeout = left, .keep_bytes = kKeep});
      if (result && result->status == ExecutionStatus::Completed) {
        const auto container = client_.inspect(id);
        if (container && container->state.running) return {};
      }
      said = result ? fmt::format("exit status {}: {}{}", result->exit_code, result->stdout_data,
                                  result->stderr_data)
                    : result.error().message();
      // Without a container, or without a shell, waiting helps nobody.
      const auto container = client_.inspect(id);
      if (!container || !container->state.running) {
        said = "it ended at once; an image needs a /bin/sh";
        break;
      }
      if (options_.health_check.empty()) break;
      std::this_thread::sleep_for(std::min<steady_clock::duration>(pause, left));
    }
    return std::unexpected(Error{.code = ErrorCode::Internal,
                                 .operation = "start a container of",
                                 .subject = image,
                                 .sys_errno = 0,
                                 .detail = "it did not pass its health check: " + said,
                                 .remedy = {}});
  }

  const ContainerSandboxOptions options_;
  const engine::Client client_;
  const std::string id_;
  std::mutex turn_;  // of what starts, stops and swaps
  mutable std::mutex mutex_;
  std::string image_;
  std::shared_ptr<Generation> current_;
};

}  // namespace

Result<std::unique_ptr<ContainerSandbox>> ContainerSandbox::create(
    ContainerSandboxOptions options) {
  if (!options.project_dir.starts_with('/')) {
    return std::unexpected(invalid_argument("make a container for the project", options.project_dir,
                                            "its path must begin with /"));
  }
  return std::make_unique<EngineSandbox>(std::move(options), TRY(docker::connect_here(kPatience)));
}

}  // namespace cordon
