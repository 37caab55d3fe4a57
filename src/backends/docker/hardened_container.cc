#include "docker/hardened_container.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "core/try.h"
#include "docker/container_environment.h"
#include "docker/evidence.h"
#include "docker/first_process.h"
#include "docker/gone_mounts.h"
#include "docker/inside/protocol.h"
#include "docker/owner.h"
#include "docker/platform.h"
#include "docker/podman.h"
#include "docker/preset.h"
#include "linux/proc_file.h"
#include "native/never_shown.h"
#include "native/unheld_names.h"
#include "policy/required_guarantees.h"
#include "sandbox/unsupported.h"

namespace cordon::docker {

namespace {

// Where the policy bounds nothing.
constexpr std::uint64_t kDefaultScratch = 2ULL << 30;

}  // namespace

HardenedContainer::HardenedContainer(engine::Client client, const SandboxSpec& spec,
                                     Runtime runtime)
    : client_(std::move(client)),
      spec_(spec),
      runtime_(runtime),
      caller_(native::current_caller()) {
  enforcement_.policy = &spec_.policy;
  enforcement_.files = &files_;
  enforcement_.version = client_.version();
}

Result<std::unique_ptr<HardenedContainer>> HardenedContainer::plan(engine::Client client,
                                                                   const SandboxSpec& spec,
                                                                   Runtime runtime) {
  std::unique_ptr<HardenedContainer> planned(
      new HardenedContainer(std::move(client), spec, runtime));
  TRY(planned->check_policy());
  TRY(planned->prepare());
  return planned;
}

Result<void> HardenedContainer::check_policy() const {
  if (spec_.image.empty()) {
    Error error = invalid_argument("run in a container", "", "no image is named");
    error.remedy = "name one that the engine has (`docker images` lists them)";
    return std::unexpected(std::move(error));
  }
  TRY(engine::check_image_reference(spec_.image));
  if (spec_.policy.nested_namespaces == NestedNamespaces::Allowed) {
    return std::unexpected(unsupported("allow nested namespaces", "",
                                       "the docker backend never does: they are a container's "
                                       "weakest wall"));
  }
  return native::refuse_whole_host(spec_.policy, spec_.work_dir);
}

Result<void> HardenedContainer::prepare() {
  auto image = client_.image(spec_.image);
  if (!image) {
    Error error = std::move(image).error();
    if (error.code == ErrorCode::NotFound) {
      error.remedy = fmt::format(
          "`docker pull {}` fetches it; so does the run with --pull missing, a request with "
          "\"pull\": \"missing\"",
          spec_.image);
    }
    return std::unexpected(std::move(error));
  }
  image_ = *std::move(image);
  TRY(check_platform(image_, spec_.image));
  enforcement_.info = TRY(client_.info());
  if (runtime_ == Runtime::Runsc) runsc_ = TRY(find_runsc(enforcement_.info));
  rules_ = TRY(native::resolve_rules(spec_.policy, spec_.work_dir, caller_));
  files_ = TRY(files_of(rules_, client_.endpoint()));
  identity_ = TRY(choose_identity(spec_.policy.uid, caller_, TRY(owner_of(rules_.work_dir))));
  TRY(native::refuse_unheld(files_.unheld, spec_.weaker_guarantees, "a container"));
  if (on_gvisor()) {
    empty_.emplace(TRY(OwnPlace::make()));
    if (has_own_users()) empty_->let_others_enter();
    TRY(empty_->write(OwnPlace::kEmpty, ""));
  }
  return {};
}

bool HardenedContainer::on_gvisor() const {
  return runtime_ == Runtime::Runsc || enforcement_.info.default_runtime == kRunsc;
}

bool HardenedContainer::takes_first_process() const { return !on_gvisor() && sees_programs(); }

Result<engine::ContainerConfig> HardenedContainer::config_for(
    const ContainerCommand& command) const {
  const Policy& policy = spec_.policy;
  const Limits& limits = policy.limits;
  engine::ContainerConfig config;
  config.image = image_.id;  // the name may be given to another image meanwhile
  config.command = command.words;
  config.environment = TRY(container_environment(
      policy.environment, {caller_.home(), fmt::format("{}", identity_.uid), rules_.work_dir},
      image_.environment, environ));
  config.working_dir = rules_.work_dir;
  config.user = identity_.text();
  config.hostname = policy.hostname;
  config.labels = {{std::string(kSandboxLabel), spec_.id},
                   {std::string(kOwnerLabel), own_owner_label()}};
  config.terminal = command.terminal;
  config.open_stdin = command.open_stdin;
  config.host = TRY(hardened(command.first ? FilteredBy::FirstProcess : FilteredBy::Engine));
  engine::HostConfig& host = config.host;
  if (command.first) run_first(command.first->program, command.first->socket, config);
  if (command.idle) run_idle(*command.idle, config);
  if (runtime_ == Runtime::Runsc) host.runtime = kRunsc;
  if (policy.network == NetworkMode::Open) host.network_mode = "bridge";
  host.mounts.insert(host.mounts.end(), files_.binds.begin(), files_.binds.end());
  add_scratch(files_, image_.volumes, identity_, limits.disk_bytes.value_or(kDefaultScratch), host);
  take_away(files_, on_gvisor() ? Masking::ByMounts : Masking::ByRuntime,
            empty_ ? empty_->path(OwnPlace::kEmpty) : "", host);
  if (command.first && policy.network == NetworkMode::None) {
    disable_network(command.first->hosts, config);
  }
  if (limits.memory_bytes) {
    host.memory = host.memory_swap = static_cast<std::int64_t>(*limits.memory_bytes);
  }
  constexpr double kNano = 1e9;
  if (limits.cpus) host.nano_cpus = std::llround(*limits.cpus * kNano);
  if (limits.pids) host.pids_limit = *limits.pids;
  if (limits.pids && runtime_ == Runtime::Runsc) host.pids_limit += kGvisorTasks;
  if (limits.disk_bytes) {
    const auto bytes = static_cast<std::int64_t>(*limits.disk_bytes);
    host.ulimits.push_back({"fsize", bytes, bytes});
  }
  if (client_.version().is_podman()) word_for_podman(enforcement_.info, config);
  return config;
}

Result<std::shared_ptr<OwnedContainer>> HardenedContainer::make(
    std::string_view name, const engine::ContainerConfig& config, engine::Deadline latest) {
  engine::ContainerConfig asked = config;
  std::optional<OwnPlace> place;
  if (client_.version().is_podman()) {
    TRY(check_can_be_looked_at(enforcement_.info, config));
    place.emplace(TRY(OwnPlace::make()));
    TRY(put_filter_into_file(*place, asked.host));
  }
  const auto created = client_.until(latest).create(name, asked);
  if (!created) {
    // It may be there all the same, and only its answer was late.
    if (created.error().code == ErrorCode::Unavailable) {
      (void)client_.until(engine::Clock::now() + OwnedContainer::kSoon).remove(name);
    }
    return std::unexpected(created.error());
  }
  auto container = std::make_shared<OwnedContainer>(client_, created->id);
  enforcement_.lifeline = config.command.front() == first_process::kProgram;
  TRY(check_taken(asked, created->id));
  return container;
}

Result<void> HardenedContainer::look_again(std::string_view id,
                                           const engine::ContainerConfig& config) {
  if (client_.version().is_podman()) TRY(check_can_be_looked_at(enforcement_.info, config));
  TRY(check_taken(config, id));
  TRY(check_running(id));
  return {};
}

// The engine's answer is what counts, before anything of the guest's runs.
Result<void> HardenedContainer::check_taken(const engine::ContainerConfig& asked,
                                            std::string_view id) {
  enforcement_.given = TRY(client_.inspect(id));
  if (client_.version().is_podman()) {
    enforcement_.given = in_dockers_words(enforcement_.info, asked, *std::move(enforcement_.given));
    enforcement_.added = added_variables(asked, enforcement_.given->config);
  }
  const auto missing = not_taken(asked, *enforcement_.given);
  if (!missing.empty()) {
    return std::unexpected(unsupported(
        "harden the container", "",
        fmt::format("{} did not do it: {}", client_.version().name, fmt::join(missing, "; "))));
  }
  return check_required(spec_.policy.required_guarantees, guarantees());
}

void HardenedContainer::watch_start(std::string_view id) {
  if (!runsc_.empty()) starting_ = std::make_unique<KernelWatch>(std::string(id), runsc_);
}

// What a command calls itself is in its words, too: the program behind them is the engine's.
bool HardenedContainer::is_kernel(pid_t process) const {
  return is_gvisors_kernel(process).value_or(false) && (runsc_.empty() || may_run(process, runsc_));
}

Result<pid_t> HardenedContainer::check_running(std::string_view id, pid_t first_process) {
  if (starting_) starting_->stop();
  if (first_process == 0) {
    const auto container = client_.inspect(id);
    if (!container || !container->state.running) return not_seen();
    first_process = container->state.pid;
    TRY(await_idle(first_process));
  }
  const auto evidence = look_at_process(first_process, id);
  if (!evidence) return not_seen();
  // gVisor's own process is what the host sees, and of it only that it is that. An engine may run
  // everything on it.
  const bool asked_gvisor = enforcement_.given->config.host.runtime == kRunsc;
  const auto gvisor = asked_gvisor ? is_gvisors_kernel(first_process) : std::nullopt;
  if (asked_gvisor && (!gvisor || (*gvisor && !is_kernel(first_process)))) return not_seen();
  const auto& info = enforcement_.info;
  const bool same_users = !info.has_security("userns") && !info.has_security("rootless");
  std::vector<std::string> found;
  if (!asked_gvisor) found = contradictions(*evidence, identity_, same_users);
  if (!asked_gvisor && spec_.policy.network == NetworkMode::None &&
      !evidence->own_network.value_or(!enforcement_.lifeline)) {
    found.emplace_back("it has no network of its own");
  }
  if (client_.version().is_podman())
    std::ranges::move(untold(first_process), std::back_inserter(found));
  if (asked_gvisor && !*gvisor) found.emplace_back("it does not run on gVisor's kernel");
  if (!found.empty()) {
    enforcement_.unseen = true;
    return std::unexpected(
        unsupported("harden the container", "",
                    fmt::format("{} says that it did, and the kernel that it did not: {}",
                                client_.version().name, fmt::join(found, "; "))));
  }
  enforcement_.seen = true;
  enforcement_.label = evidence->label;
  return first_process;
}

// Until then it is the runtime's, which still puts its walls up. What comes instead of it has the
// image's links to thank.
Result<void> HardenedContainer::await_idle(pid_t first_process) const {
  if (enforcement_.given->config.command != std::vector<std::string>{first_process::kIdle}) {
    return {};
  }
  constexpr std::chrono::seconds kPatience{3};
  constexpr std::chrono::milliseconds kPause{2};
  const std::string program = TRY(find_idle_program());
  const auto until = engine::Clock::now() + kPatience;
  while (!runs(first_process, program)) {
    if (engine::Clock::now() > until) {
      return std::unexpected(unsupported("harden the container", "",
                                         "another program came in the place of its first process: "
                                         "the image has something at " +
                                             std::string(first_process::kIdle)));
    }
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

// What Podman does not tell.
std::vector<std::string> HardenedContainer::untold(pid_t first_process) const {
  const engine::HostConfig& host = enforcement_.given->config.host;
  const auto mounts = linux_os::read_proc_file(fmt::format("/proc/{}/mountinfo", first_process));
  std::vector<std::string> found = open_in_mounts(mounts.value_or(""), host, is_absent_here);
  std::ranges::move(shared_namespaces(first_process, host), std::back_inserter(found));
  return found;
}

std::optional<std::vector<std::string>> HardenedContainer::let_go(std::string_view id,
                                                                  pid_t process) const {
  const UnheldNames& unheld = files_.unheld;
  if (unheld.replaced_to_read.empty() && unheld.replaced_to_write.empty()) return {{}};
  if (!look_at_process(process, id)) return std::nullopt;
  // As many as there are.
  std::ifstream mounts(fmt::format("/proc/{}/mountinfo", process));
  std::ostringstream text;
  text << mounts.rdbuf();
  return gone_mounts(text.str(), files_);
}

// It has ended, or is not to be seen from here.
Result<pid_t> HardenedContainer::not_seen() {
  const bool was_seen = starting_ && starting_->stop();
  enforcement_.seen = was_seen;
  enforcement_.unseen = !was_seen;
  if (client_.version().is_podman()) {
    return std::unexpected(unsupported("harden the container", "",
                                       "what Podman does not tell could not be seen in /proc"));
  }
  TRY(check_required(spec_.policy.required_guarantees, guarantees()));
  return 0;
}

Guarantees HardenedContainer::guarantees() const { return make_guarantees(enforcement_); }

}  // namespace cordon::docker
