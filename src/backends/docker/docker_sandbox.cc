#include "docker/docker_sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/try.h"
#include "sandbox/bridged_streams.h"
#include "sandbox/unsupported.h"

namespace cordon::docker {

namespace {

ContainerCommand command_of(const ProcessSpec& spec) {
  ContainerCommand command{{spec.command}, false, spec.terminal.has_value()};
  command.words.insert(command.words.end(), spec.args.begin(), spec.args.end());
  command.open_stdin = command.terminal || spec.stdin_source == StdinSource::Pipe;
  return command;
}

// An engine may take as long to have the command run as that may run itself, and what a slow host
// needs: a short time is meant for the command.
engine::Deadline latest_start(const Limits& limits) {
  constexpr std::chrono::seconds kLeast{20};
  const auto now = engine::Clock::now();
  if (!limits.timeout || *limits.timeout > engine::Deadline::max() - now) {
    return engine::Deadline::max();
  }
  return now + std::max<std::chrono::nanoseconds>(kLeast, *limits.timeout);
}

// The engine's word for a program that is not there or cannot be run, where it finds out itself.
Error as_start_failure(Error error, const std::string& command) {
  const std::string& said = error.detail;
  if (said.contains("no such file or directory") || said.contains("executable file not found")) {
    error.code = ErrorCode::NotFound;
    error.subject = command;
  } else if (said.contains("permission denied")) {
    error.code = ErrorCode::PermissionDenied;
    error.subject = command;
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<DockerSandbox>> DockerSandbox::create(engine::Client client,
                                                             const SandboxSpec& spec,
                                                             Runtime runtime) {
  return std::unique_ptr<DockerSandbox>(
      new DockerSandbox(TRY(HardenedContainer::plan(std::move(client), spec, runtime))));
}

Result<std::unique_ptr<Process>> DockerSandbox::start(const ProcessSpec& spec) {
  if (container_) {
    return std::unexpected(unsupported("start a second command", spec.command,
                                       "a docker sandbox ends with its first command"));
  }
  if (spec.watch != Watch::Nothing) {
    return std::unexpected(unsupported("observe the command", "", "the docker backend cannot"));
  }
  ContainerCommand command = command_of(spec);
  std::unique_ptr<FirstPlace> place;
  if (plan_->takes_first_process()) {
    const std::string program = TRY(find_first_program());
    place = TRY(FirstPlace::make(program, plan_->has_own_users()));
    command.first = FirstMounts{program, place->socket(), place->hosts()};
  }
  const engine::ContainerConfig config = TRY(plan_->config_for(command));
  const engine::Deadline latest = latest_start(plan_->spec().policy.limits);
  container_ = TRY(plan_->make("cordon-" + plan_->spec().id, config, latest));
  auto process = run(config, spec, place.get(), latest);
  if (!process) {
    if (engine::Clock::now() >= latest) container_->hurry();
    container_.reset();
  }
  return process;
}

Result<UniqueFd> DockerSandbox::await_first(FirstPlace& place, engine::Deadline deadline) const {
  // What comes instead of it, and says nothing, is not left to run for as long as a slow host
  // takes.
  constexpr std::chrono::milliseconds kSoon{500};
  auto come = place.accept(container_->id(), engine::Clock::now() + kSoon);
  if (come || come.error().code != ErrorCode::Unavailable) return come;
  const auto container = plan_->client().inspect(container_->id());
  if (container && container->state.running) TRY(place.check(container->state.pid));
  return place.accept(container_->id(), deadline);
}

// Looks at what runs; where the command waits for that, it begins.
Result<Watched> DockerSandbox::watch(const ProcessSpec& spec, FirstPlace* place) {
  constexpr std::chrono::seconds kPatience{20};
  const engine::Deadline deadline = engine::Clock::now() + kPatience;
  const std::string& id = container_->id();
  Watched watched;
  if (place != nullptr) {
    watched.first = TRY(FirstProcess::prepare(TRY(await_first(*place, deadline)), deadline));
  }
  const pid_t pid = TRY(plan_->check_running(id, watched.first ? watched.first->pid() : 0));
  watched.usage = std::make_shared<UsageWatch>(pid, id);
  if (watched.first) TRY(watched.first->begin(spec.command, deadline));
  return watched;
}

Result<std::unique_ptr<Process>> DockerSandbox::run(const engine::ContainerConfig& config,
                                                    const ProcessSpec& spec, FirstPlace* place,
                                                    engine::Deadline latest) {
  const engine::Client client = plan_->client().until(latest);
  BridgedStreams streams = TRY(make_bridged_streams(spec));
  engine::Attached attached = TRY(client.attach(container_->id(), config.open_stdin));
  plan_->watch_start(container_->id());
  if (auto started = client.start(container_->id()); !started) {
    return std::unexpected(as_start_failure(std::move(started).error(), spec.command));
  }
  engine::Waiting waiting = TRY(client.wait_for_exit(container_->id()));
  if (spec.terminal) {
    // A container that has ended already has no size.
    (void)client.resize(container_->id(), spec.terminal->rows, spec.terminal->columns);
  }
  Watched watched = TRY(watch(spec, place));
  auto bridge = TRY(StreamBridge::start(std::move(attached), std::move(waiting),
                                        std::move(streams.bridge), watched));
  return std::make_unique<DockerProcess>(container_, std::move(bridge), std::move(watched),
                                         std::move(streams.ours),
                                         plan_->spec().policy.limits.disk_bytes.has_value());
}

Guarantees DockerSandbox::guarantees() const { return plan_->guarantees(); }

Result<std::string> DockerSandbox::describe(const ProcessSpec& spec) {
  const engine::ContainerConfig config = TRY(plan_->config_for(command_of(spec)));
  const engine::Client& client = plan_->client();
  std::string text;
  int number = 1;
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:4}  {}\n", number++, words);
  };
  const engine::HostConfig& host = config.host;
  line(fmt::format("ask {} {} at {}, API {}", client.version().name, client.version().version,
                   client.endpoint().text(), client.version().api));
  line(fmt::format("make a container of {} ({})", plan_->spec().image, plan_->image().id));
  if (!host.runtime.empty()) line(fmt::format("run it with {}", host.runtime));
  line(fmt::format("user {}, no capabilities, no_new_privs, seccomp, read-only root", config.user));
  line(fmt::format("network {}, own IPC, PID, mount and control group namespaces",
                   host.network_mode));
  for (const auto& mount : host.mounts) {
    line(fmt::format("show {} {}", mount.target, mount.read_only ? "read-only" : "writable"));
  }
  for (const auto& [place, options] : host.tmpfs) {
    line(fmt::format("put a tmpfs at {} ({})", place, options));
  }
  for (const auto& place : host.masked_paths) line(fmt::format("let {} read as empty", place));
  if (host.memory > 0) line(fmt::format("limit memory and swap to {} bytes", host.memory));
  if (host.nano_cpus > 0)
    line(fmt::format("limit processors to {}", *plan_->spec().policy.limits.cpus));
  if (host.pids_limit > 0) line(fmt::format("limit processes to {}", host.pids_limit));
  line(fmt::format("run {} in {}", spec.command, config.working_dir));
  return text;
}

}  // namespace cordon::docker
