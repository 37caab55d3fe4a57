#include "docker/docker_sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>

#include "core/try.h"
#include "docker/container_environment.h"
#include "docker/evidence.h"
#include "docker/owner.h"
#include "docker/platform.h"
#include "docker/preset.h"
#include "policy/required_guarantees.h"

namespace cordon::docker {

namespace {

// Where the policy bounds nothing.
constexpr std::uint64_t kDefaultScratch = 2ULL << 30;

Error unsupported(std::string operation, std::string subject, std::string detail,
                  std::string remedy = {}) {
  return {.code = ErrorCode::Unsupported,
          .operation = std::move(operation),
          .subject = std::move(subject),
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

struct Streams {
  BridgeEnds bridge;
  ProcessEnds ours;
};

Result<void> make_pipe(UniqueFd& read, UniqueFd& write) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    return std::unexpected(system_error("make a pipe"));
  }
  read.reset(fds[0]);
  write.reset(fds[1]);
  return {};
}

Result<Streams> make_streams(const ProcessSpec& spec) {
  Streams streams;
  if (spec.terminal) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
      return std::unexpected(system_error("make a pair of sockets"));
    }
    streams.ours.out.reset(fds[0]);
    streams.bridge.out.reset(fds[1]);
    streams.bridge.in.reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, 0));
    if (!streams.bridge.in.valid()) return std::unexpected(system_error("copy a socket"));
    return streams;
  }
  if (spec.stdin_source == StdinSource::Pipe) {
    TRY(make_pipe(streams.bridge.in, streams.ours.in));
  }
  TRY(make_pipe(streams.ours.out, streams.bridge.out));
  TRY(make_pipe(streams.ours.err, streams.bridge.err));
  return streams;
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

DockerSandbox::DockerSandbox(engine::Client client, const SandboxSpec& spec)
    : client_(std::move(client)), spec_(spec), caller_(native::current_caller()) {
  enforcement_.policy = &spec_.policy;
  enforcement_.files = &files_;
  enforcement_.version = client_.version();
}

Result<std::unique_ptr<DockerSandbox>> DockerSandbox::create(engine::Client client,
                                                             const SandboxSpec& spec) {
  std::unique_ptr<DockerSandbox> sandbox(new DockerSandbox(std::move(client), spec));
  TRY(sandbox->check_policy());
  TRY(sandbox->prepare());
  return sandbox;
}

Result<void> DockerSandbox::check_policy() const {
  if (spec_.image.empty()) {
    Error error = invalid_argument("run in a container", "", "no image is named");
    error.remedy = "--image NAME names one that the engine has: `docker images`";
    return std::unexpected(std::move(error));
  }
  if (spec_.image.contains('\0') || spec_.image.size() > 512 || spec_.image.starts_with('-')) {
    return std::unexpected(
        invalid_argument("use the image", spec_.image.substr(0, 100), "that is no image's name"));
  }
  if (spec_.policy.nested_namespaces == NestedNamespaces::Allowed) {
    return std::unexpected(unsupported("allow nested namespaces", "",
                                       "the docker backend never does: they are a container's "
                                       "weakest wall"));
  }
  return {};
}

Result<void> DockerSandbox::prepare() {
  auto image = client_.image(spec_.image);
  if (!image) {
    Error error = std::move(image).error();
    if (error.code == ErrorCode::NotFound) {
      error.remedy = fmt::format("`docker pull {}`, or --pull missing, fetches it", spec_.image);
    }
    return std::unexpected(std::move(error));
  }
  image_ = *std::move(image);
  TRY(check_platform(image_, spec_.image));
  enforcement_.info = TRY(client_.info());
  rules_ = TRY(native::resolve_rules(spec_.policy, spec_.work_dir, caller_));
  files_ = TRY(files_of(rules_, client_.endpoint()));
  identity_ = TRY(choose_identity(spec_.policy.uid, caller_, TRY(owner_of(rules_.work_dir))));
  if (!files_.unheld.empty() && spec_.weaker_guarantees == WeakerGuarantees::Refuse) {
    return std::unexpected(
        Error{.code = ErrorCode::Degraded,
              .operation = "hold the rule",
              .subject = files_.unheld.front(),
              .sys_errno = 0,
              .detail = "a container holds rules for paths that are there, not patterns or names "
                        "that may come",
              .remedy = "the native backend holds it; --allow-degraded runs without it"});
  }
  return {};
}

Result<engine::ContainerConfig> DockerSandbox::config_for(const ProcessSpec& spec) const {
  const Policy& policy = spec_.policy;
  const Limits& limits = policy.limits;
  engine::ContainerConfig config;
  config.image = image_.id;  // the name may be given to another image meanwhile
  config.command.push_back(spec.command);
  config.command.insert(config.command.end(), spec.args.begin(), spec.args.end());
  config.environment = TRY(container_environment(
      policy.environment, {caller_.home(), fmt::format("{}", identity_.uid), rules_.work_dir},
      image_.environment, environ));
  config.working_dir = rules_.work_dir;
  config.user = identity_.text();
  config.hostname = policy.hostname;
  config.labels = {{std::string(kSandboxLabel), spec_.id},
                   {std::string(kOwnerLabel), own_owner_label()}};
  config.terminal = spec.terminal.has_value();
  config.open_stdin = config.terminal || spec.stdin_source == StdinSource::Pipe;
  config.host = TRY(hardened());
  engine::HostConfig& host = config.host;
  if (policy.network == NetworkMode::Open) host.network_mode = "bridge";
  host.mounts = files_.binds;
  add_scratch(files_, image_.volumes, identity_, limits.disk_bytes.value_or(kDefaultScratch), host);
  if (limits.memory_bytes) {
    host.memory = host.memory_swap = static_cast<std::int64_t>(*limits.memory_bytes);
  }
  constexpr double kNano = 1e9;
  if (limits.cpus) host.nano_cpus = std::llround(*limits.cpus * kNano);
  if (limits.pids) host.pids_limit = *limits.pids;
  if (limits.disk_bytes) {
    const auto bytes = static_cast<std::int64_t>(*limits.disk_bytes);
    host.ulimits.push_back({"fsize", bytes, bytes});
  }
  return config;
}

Result<std::unique_ptr<Process>> DockerSandbox::start(const ProcessSpec& spec) {
  if (container_) {
    return std::unexpected(unsupported("start a second command", spec.command,
                                       "a docker sandbox ends with its first command"));
  }
  if (spec.watch != Watch::Nothing) {
    return std::unexpected(unsupported("observe the command", "", "the docker backend cannot"));
  }
  const engine::ContainerConfig config = TRY(config_for(spec));
  const auto created = TRY(client_.create("cordon-" + spec_.id, config));
  container_ = std::make_shared<OwnedContainer>(client_, created.id);
  auto process = run(config, spec);
  if (!process) container_.reset();
  return process;
}

// The engine's answer is what counts, before anything of the guest's runs.
Result<void> DockerSandbox::check_taken(const engine::ContainerConfig& asked) {
  enforcement_.given = TRY(client_.inspect(container_->id()));
  const auto missing = not_taken(asked, *enforcement_.given);
  if (!missing.empty()) {
    return std::unexpected(unsupported(
        "harden the container", "",
        fmt::format("{} did not do it: {}", client_.version().name, fmt::join(missing, "; "))));
  }
  return check_required(spec_.policy.required_guarantees, guarantees());
}

Result<std::unique_ptr<Process>> DockerSandbox::run(const engine::ContainerConfig& config,
                                                    const ProcessSpec& spec) {
  TRY(check_taken(config));
  Streams streams = TRY(make_streams(spec));
  engine::Attached attached = TRY(client_.attach(container_->id(), config.open_stdin));
  if (auto started = client_.start(container_->id()); !started) {
    return std::unexpected(as_start_failure(std::move(started).error(), spec.command));
  }
  engine::Waiting waiting = TRY(client_.wait_for_exit(container_->id()));
  if (spec.terminal) {
    // A container that has ended already has no size.
    (void)client_.resize(container_->id(), spec.terminal->rows, spec.terminal->columns);
  }
  TRY(check_running());
  auto bridge =
      TRY(StreamBridge::start(std::move(attached), std::move(waiting), std::move(streams.bridge)));
  return std::make_unique<DockerProcess>(container_, std::move(bridge), std::move(streams.ours),
                                         spec_.policy.limits.disk_bytes.has_value());
}

Result<void> DockerSandbox::check_running() {
  const auto container = client_.inspect(container_->id());
  if (!container || !container->state.running) return {};
  const auto evidence = look_at_process(container->state.pid, container_->id());
  if (!evidence) return {};
  const auto& info = enforcement_.info;
  const bool same_users = !info.has_security("userns") && !info.has_security("rootless");
  const auto found = contradictions(*evidence, identity_, same_users);
  if (!found.empty()) {
    return std::unexpected(
        unsupported("harden the container", "",
                    fmt::format("{} says that it did, and the kernel that it did not: {}",
                                client_.version().name, fmt::join(found, "; "))));
  }
  enforcement_.seen = true;
  return {};
}

Guarantees DockerSandbox::guarantees() const { return make_guarantees(enforcement_); }

Result<std::string> DockerSandbox::describe(const ProcessSpec& spec) {
  const engine::ContainerConfig config = TRY(config_for(spec));
  std::string text;
  int number = 1;
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:4}  {}\n", number++, words);
  };
  const engine::HostConfig& host = config.host;
  line(fmt::format("ask {} {} at {}, API {}", client_.version().name, client_.version().version,
                   client_.endpoint().text(), client_.version().api));
  line(fmt::format("make a container of {} ({})", spec_.image, image_.id));
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
  if (host.nano_cpus > 0) line(fmt::format("limit processors to {}", *spec_.policy.limits.cpus));
  if (host.pids_limit > 0) line(fmt::format("limit processes to {}", host.pids_limit));
  line(fmt::format("run {} in {}", spec.command, config.working_dir));
  return text;
}

}  // namespace cordon::docker
