#include "gvisor/gvisor_sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/installed_program.h"
#include "core/try.h"
#include "gvisor/bundle.h"
#include "gvisor/console.h"
#include "gvisor/find_command.h"
#include "gvisor/gvisor_process.h"
#include "gvisor/places.h"
#include "gvisor/runsc_filter.h"
#include "gvisor/world.h"
#include "native/check_policy.h"
#include "native/command_streams.h"
#include "native/never_shown.h"
#include "native/program_candidates.h"
#include "native/unheld_names.h"
#include "policy/environment.h"
#include "policy/required_guarantees.h"
#include "sandbox/unsupported.h"

namespace cordon::gvisor {

namespace {

// Where the policy bounds nothing.
constexpr std::uint64_t kDefaultScratch = 2ULL << 30;
// What gVisor's own processes take to start at all; less ends in the middle of it.
constexpr std::uint64_t kLeastMemory = 64ULL << 20;

bool has_ended(int control) {
  pollfd ended{control, POLLIN, 0};
  return ::poll(&ended, 1, 0) > 0;
}

}  // namespace

GvisorSandbox::GvisorSandbox(native::Host& host, Runsc runsc, PlatformChoice platform,
                             const SandboxSpec& spec, Measure measure)
    : host_(host),
      runsc_(std::move(runsc)),
      platform_(std::move(platform)),
      spec_(spec),
      measure_(measure),
      caller_(native::current_caller()) {}

Result<std::unique_ptr<GvisorSandbox>> GvisorSandbox::create(native::Host& host, Runsc runsc,
                                                             PlatformChoice platform,
                                                             const SandboxSpec& spec,
                                                             Measure measure) {
  std::unique_ptr<GvisorSandbox> sandbox(
      new GvisorSandbox(host, std::move(runsc), std::move(platform), spec, measure));
  TRY(sandbox->check());
  TRY(sandbox->prepare());
  return sandbox;
}

Result<void> can_checkpoint(Measure measure) {
  if (measure == nullptr) {
    return std::unexpected(unsupported("checkpoint a gvisor sandbox", "",
                                       "this program keeps no sandboxes",
                                       "a program that links the library does"));
  }
  const native::Caller caller = native::current_caller();
  if (caller.uid != 0) TRY(find_second_ids(caller));
  return {};
}

Result<std::unique_ptr<GvisorSandbox>> GvisorSandbox::restore(native::Host& host, Runsc runsc,
                                                              PlatformChoice platform,
                                                              const SandboxSpec& spec,
                                                              const std::string& directory,
                                                              Measure measure) {
  TRY(can_checkpoint(measure));
  auto sandbox = TRY(create(host, std::move(runsc), std::move(platform), spec, measure));
  if (sandbox->caller_.uid != 0) {
    sandbox->second_ids_ = TRY(find_second_ids(sandbox->caller_));
    sandbox->enforcement_.kernel_is_nobody = true;
  }
  TRY(sandbox->check_out_of_reach(directory));
  sandbox->restored_ = TRY(verify_checkpoint(directory, sandbox->scene(), measure));
  return sandbox;
}

Result<void> GvisorSandbox::check_running(std::string_view asked) const {
  if (world_.first.valid()) return {};
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = fmt::format("{} the sandbox", asked),
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "nothing runs in it",
                               .remedy = {}});
}

Result<void> GvisorSandbox::call(const std::string& subcommand) const {
  constexpr std::chrono::seconds kPatience(20);
  TRY(check_running(subcommand));
  return call_runsc(world_, {subcommand, spec_.id}, -1, kPatience);
}

Result<void> GvisorSandbox::pause() { return call("pause"); }

Result<void> GvisorSandbox::resume() { return call("resume"); }

// Its manifest vouches for a checkpoint as long as guests cannot write both: gVisor's kernel goes
// on with what is read from there.
Result<void> GvisorSandbox::check_out_of_reach(const std::string& directory) const {
  const std::string place = native::real_path(directory);
  const std::string& path = place.empty() ? directory : place;
  for (const native::Rule& rule : rules_.rules) {
    if (rule.grant != native::Grant::Write || !native::is_beneath(path, rule.path)) continue;
    return std::unexpected(
        invalid_argument("keep a checkpoint in", directory,
                         fmt::format("commands can write there: {} is shown writable", rule.path)));
  }
  return {};
}

Result<void> GvisorSandbox::checkpoint(const std::string& directory, Keep keep) {
  if (keep != Keep::Processes) {
    return std::unexpected(unsupported("checkpoint files alone", "",
                                       "runsc writes the processes with their files",
                                       "Keep::Processes keeps both"));
  }
  TRY(can_checkpoint(measure_));
  TRY(check_running("checkpoint"));
  TRY(check_out_of_reach(std::filesystem::absolute(directory).parent_path()));
  NewCheckpoint written = TRY(NewCheckpoint::create(directory));
  const HeldWorld held = TRY(HeldWorld::hold(world_));
  // As much memory as there is, on a slow disk.
  constexpr std::chrono::minutes kPatience(10);
  TRY(call_runsc(world_, {"checkpoint", fmt::format("--image-path={}", kGivenDirectory), spec_.id},
                 written.directory(), kPatience));
  return finish_checkpoint(written, scene(), measure_);
}

Result<void> GvisorSandbox::check() const {
  const Policy& policy = spec_.policy;
  if (!spec_.image.empty()) {
    return std::unexpected(invalid_argument(
        "start from the image", spec_.image,
        "the gvisor backend shows the host's own files; the docker backend takes an image"));
  }
  TRY(native::check_policy(policy));
  if (policy.nested_namespaces == NestedNamespaces::Allowed) {
    return std::unexpected(unsupported("allow nested namespaces", "",
                                       "the command has no capability that they would need"));
  }
  if (policy.uid.value_or(0) != 0) {
    return std::unexpected(unsupported(
        "run as the user", fmt::format("{}", *policy.uid),
        "in a gVisor sandbox the command is user 0, which has no rights, and outside of it you"));
  }
  if (policy.limits.memory_bytes && *policy.limits.memory_bytes < kLeastMemory) {
    return std::unexpected(
        invalid_argument("limit memory", fmt::format("{} bytes", *policy.limits.memory_bytes),
                         "gVisor's kernel lives in it, too, and starts with 64 MiB and more"));
  }
  return {};
}

Result<void> GvisorSandbox::prepare() {
  facts_ = TRY(host_.facts());
  rules_ = TRY(native::resolve_rules(spec_.policy, spec_.work_dir, caller_));
  files_ = TRY(files_of(rules_));
  TRY(native::refuse_unheld(files_.unheld, spec_.weaker_guarantees, "the gvisor backend"));
  compile_input_.policy = &spec_.policy;
  compile_input_.work_dir = spec_.work_dir;
  compile_input_.caller = caller_;
  enforcement_.policy = &spec_.policy;
  enforcement_.files = &files_;
  enforcement_.platform = platform_;
  enforcement_.kernel_is_nobody = caller_.uid == 0;
  enforcement_.counts_tasks = runsc_.counts_tasks && spec_.policy.limits.pids.has_value();
  return {};
}

Result<std::vector<std::string>> GvisorSandbox::environment() const {
  return build_environment(spec_.policy.environment, {caller_.home(), "root", rules_.work_dir},
                           environ);
}

Result<linux_os::Plan> GvisorSandbox::plan_for(const ProcessSpec& spec,
                                               const Console* console) const {
  Bundle bundle;
  bundle.arguments.push_back(spec.command);
  bundle.arguments.insert(bundle.arguments.end(), spec.args.begin(), spec.args.end());
  bundle.environment = TRY(environment());
  bundle.work_dir = rules_.work_dir;
  std::optional<native::Location> stage;
  if (enforcement_.counts_tasks) {
    stage = TRY(native::locate(TRY(find_installed_program("cordon-gvisor-stage"))));
    bundle.stage = Stage{
        .tasks = *spec_.policy.limits.pids,
        .candidates = names_on_host(native::program_candidates(spec.command, bundle.environment))};
  }
  bundle.hostname = spec_.policy.hostname;
  bundle.terminal = spec.terminal;
  bundle.files = &files_;
  const Limits& limits = spec_.policy.limits;
  bundle.scratch_bytes = std::min(limits.disk_bytes.value_or(kDefaultScratch),
                                  limits.memory_bytes.value_or(kDefaultScratch));
  bundle.file_size_bytes = limits.disk_bytes;
  return make_plan({.runsc = &runsc_,
                    .platform = platform_.platform,
                    .policy = &compile_input_,
                    .rules = &rules_,
                    .config = to_json(bundle),
                    .checkpoint = restored_ ? &*restored_ : nullptr,
                    .console = console,
                    .stage = std::move(stage)});
}

std::vector<std::string> GvisorSandbox::arguments(const ProcessSpec& spec) const {
  return runsc_arguments({.platform = platform_.platform,
                          .two_users = caller_.uid == 0 || second_ids_.has_value(),
                          .network = spec_.policy.network,
                          .from_checkpoint = restored_.has_value(),
                          .console = spec.terminal.has_value(),
                          .id = spec_.id});
}

native::SpareCgroup GvisorSandbox::make_cgroup() {
  const cgroup::Support& support = facts_->cgroups->support();
  const Limits& limits = spec_.policy.limits;
  cgroup::Limits wanted{limits.memory_bytes, limits.cpus, limits.pids};
  if (wanted.pids) {
    *wanted.pids = *wanted.pids * (enforcement_.counts_tasks ? kHostTasksOfTask : 1) + kOwnTasks;
  }
  enforcement_.cgroup = nullptr;
  enforcement_.missing_cgroup = support.reason;
  native::SpareCgroup spare;
  auto made = facts_->cgroups->create(spec_.id);
  if (!made) {
    if (enforcement_.missing_cgroup.empty()) enforcement_.missing_cgroup = made.error().message();
    return {};
  }
  spare.group = std::move(*made);
  if (const auto set = spare.group->set_limits(wanted); !set) {
    enforcement_.missing_cgroup = set.error().message();
    return {};
  }
  spare.limits = wanted;
  enforcement_.cgroup = &support;
  return spare;
}

Result<native::RunningSandbox> GvisorSandbox::launch(linux_os::FirstProcess first,
                                                     const linux_os::Plan& plan,
                                                     const ProcessSpec& spec) {
  native::RunningSandbox running;
  running.own_pid_namespace = true;
  running.cgroup = make_cgroup();
  TRY(check_required(spec_.policy.required_guarantees, guarantees()));

  native::Pipe in;
  native::Pipe out;
  native::Pipe err;
  if (!spec.terminal) {
    if (spec.stdin_source == StdinSource::Pipe) in = TRY(native::make_pipe(native::OurEnd::Write));
    out = TRY(native::make_pipe(native::OurEnd::Read));
    err = TRY(native::make_pipe(native::OurEnd::Read));
  }
  const std::vector<std::string> words = arguments(spec);
  linux_os::LaunchRequest request;
  request.plan = &plan;
  request.programs = {place::kRunsc.data()};
  for (const std::string& word : words) request.arguments.push_back(word.c_str());
  request.environment = {"PATH=/"};
  request.stdin_fd = in.read.get();
  request.stdout_fd = out.write.get();
  request.stderr_fd = err.write.get();
  request.filter = filter_of_runsc(SetIdModes::Refused, platform_.platform == Platform::Ptrace
                                                            ? Barriers::Missing
                                                            : Barriers::AsEver);
  request.init_image_fd = facts_->init_image.get();
  request.before_orders = [&](pid_t process) { return map_users(process, caller_, second_ids_); };
  request.make_cgroup = [&] { return running.cgroup.group.get(); };
  running.launched = TRY(first.launch(request));
  running.streams = {std::move(in.write), std::move(out.read), std::move(err.read)};
  return running;
}

Result<std::unique_ptr<Process>> GvisorSandbox::start(const ProcessSpec& spec) {
  if (world_.first.valid()) {
    return std::unexpected(unsupported("start a second command", spec.command,
                                       "a gvisor sandbox ends with its first command"));
  }
  if (spec.watch != Watch::Nothing) {
    return std::unexpected(unsupported("observe the command", "", "the gvisor backend cannot"));
  }
  // It makes its namespaces while this process plans what it is to do in them.
  const linux_os::Groundwork groundwork = make_groundwork(spec_.policy.network);
  linux_os::FirstProcess first_process = TRY(linux_os::FirstProcess::start(groundwork, -1));
  std::optional<Console> console;
  if (spec.terminal) console = TRY(Console::listen());
  const linux_os::Plan plan = TRY(plan_for(spec, console ? &*console : nullptr));
  native::RunningSandbox running = TRY(launch(std::move(first_process), plan, spec));
  UniqueFd ours(::fcntl(running.launched.init_pidfd.get(), F_DUPFD_CLOEXEC, 0));
  UniqueFd theirs(::fcntl(running.launched.init_pidfd.get(), F_DUPFD_CLOEXEC, 0));
  if (!ours.valid() || !theirs.valid()) return std::unexpected(system_error("copy a descriptor"));
  const NetworkMode network = spec_.policy.network;
  const pid_t first = running.launched.init_pid;
  const auto candidates = native::program_candidates(spec.command, TRY(environment()));
  // While runsc starts. Without this a name that is not there would come to light with its end.
  Result<void> ready = restored_ ? Result<void>()
                                 : find_command(running.launched.root.get(), rules_.work_dir,
                                                spec.command, candidates);
  // With runsc the tree has gone that was looked into: how it ended says more.
  if (!ready && has_ended(running.launched.control.get())) {
    ready = {};
  } else if (ready && console) {
    // gVisor's own kernel has to start before it has a terminal.
    constexpr std::chrono::seconds kPatience(30);
    auto terminal = console->accept(running.launched.control.get(), *spec.terminal, kPatience);
    if (terminal) {
      running.launched.terminal_master = *std::move(terminal);
    } else {
      ready = std::unexpected(std::move(terminal).error());
    }
  }
  // Also what ends everything where something failed.
  auto process = TRY(GvisorProcess::make(std::move(running), {std::move(theirs), first, network},
                                         spec_.id, spec.command));
  TRY(std::move(ready));
  world_ = {std::move(ours), first, network};
  return process;
}

Guarantees GvisorSandbox::guarantees() const { return make_guarantees(enforcement_); }

Result<std::string> GvisorSandbox::describe(const ProcessSpec& spec) {
  const linux_os::Plan plan = TRY(plan_for(spec, nullptr));
  std::string text;
  int number = 1;
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:4}  {}\n", number++, words);
  };
  line(spec_.policy.network == NetworkMode::None
           ? "start a process in new namespaces, with a network that has no way out"
           : "start a process in new namespaces, on the host's network");
  line(caller_.uid == 0 ? "map its users 0 and 65534 to those of the host"
                        : fmt::format("map its user 0 to {}", caller_.uid));
  if (second_ids_) line(fmt::format("map its user {} to {}", kKernelUser, second_ids_->uid));
  for (const linux_os::PlanStep& step : plan.steps) {
    if (step.operation == linux_os::Operation::WriteFile) {
      line(fmt::format("write {}", step.path));
    } else {
      line(linux_os::describe(step));
    }
  }
  line(fmt::format("enter a cgroup ({})", facts_->cgroups->support().mechanism.empty()
                                              ? "none: " + facts_->cgroups->support().reason
                                              : facts_->cgroups->support().mechanism));
  line("no_new_privs");
  line(fmt::format("run {} as {}", runsc_.path, fmt::join(arguments(spec), " ")));
  for (const Mount& mount : files_.mounts) {
    line(fmt::format("in gVisor: mount {} at {}",
                     mount.kind == Mount::Kind::Scratch ? "a private tmpfs" : "the tree's own part",
                     mount.path));
  }
  std::string command = spec.command;
  for (const std::string& argument : spec.args) command += " " + argument;
  line(fmt::format("in gVisor: exec {} in {}", command, rules_.work_dir));
  return text;
}

}  // namespace cordon::gvisor
