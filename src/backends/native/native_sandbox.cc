#include "native/native_sandbox.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "core/try.h"
#include "linux/guard_table.h"
#include "linux/launch.h"
#include "linux/seccomp.h"
#include "linux/user_namespaces.h"
#include "native/check_policy.h"
#include "native/command_streams.h"
#include "native/judge.h"
#include "native/program_candidates.h"
#include "policy/environment.h"
#include "policy/required_guarantees.h"

namespace cordon::native {

namespace {

constexpr std::string_view kSetUp = "set up the sandbox";  // what launch() calls a failed step

std::string_view words(seccomp::Guarded level) {
  switch (level) {
    case seccomp::Guarded::Making:
      return "make or move names or open files to write";
    case seccomp::Guarded::Removing:
      return "make, move or remove names or open files to write";
    case seccomp::Guarded::Opening:
      return "make, move or remove names or open files";
  }
  return "";
}

// Whether the launch failed because the host does not let this caller make or use namespaces.
bool about_namespaces(const Error& error) {
  if (error.code == ErrorCode::Unsupported) return true;
  return error.operation == kSetUp && error.code == ErrorCode::PermissionDenied;
}

}  // namespace

NativeSandbox::NativeSandbox(Host& host, const SandboxSpec& spec)
    : host_(host), spec_(spec), caller_(current_caller()) {}

Result<std::unique_ptr<NativeSandbox>> NativeSandbox::create(Host& host, const SandboxSpec& spec,
                                                             Beginning beginning) {
  if (!spec.image.empty()) {
    return std::unexpected(invalid_argument("start from the image", spec.image,
                                            "the native backend shows the host's own files; the "
                                            "docker backend takes an image"));
  }
  TRY(check_policy(spec.policy));
  std::unique_ptr<NativeSandbox> sandbox(new NativeSandbox(host, spec));
  if (beginning == Beginning::AtOnce) sandbox->prepared_ = sandbox->begin();
  sandbox->facts_ = TRY(host.facts());
  TRY(sandbox->compile_for(Walls::Full));
  return sandbox;
}

Result<Prepared> NativeSandbox::begin() {
  const Outline outline = outline_of(spec_.policy, caller_);
  Nursery* nursery = host_.nursery();
  if (!nursery) {
    return Prepared::start(std::make_shared<linux_os::Groundwork>(make_groundwork(outline)), {});
  }
  if (auto ready = nursery->take(outline)) {
    from_stock_ = true;
    return *std::move(ready);
  }
  return nursery->start(outline);
}

Result<void> NativeSandbox::compile_for(Walls walls) {
  const cgroup::Support& support = facts_->cgroups->support();
  CompileInput input;
  input.policy = &spec_.policy;
  input.work_dir = spec_.work_dir;
  input.caller = caller_;
  input.walls = walls;
  input.landlock_abi = facts_->landlock_abi;
  input.pids_by_rlimit = !support.pids;
  input.cpus_by_affinity = !support.cpu;
  input.no_guard = facts_->no_guard;
  if (walls == Walls::LandlockOnly) {
    private_directory_ = TRY(PrivateDirectory::create());
    input.private_directory = private_directory_->path();
  }
  compiled_ = TRY(compile(input));
  enforcement_.policy = &spec_.policy;
  enforcement_.walls = walls;
  enforcement_.landlock_abi = compiled_.plan.landlock_size > 0 ? facts_->landlock_abi : 0;
  enforcement_.pids_by_rlimit = input.pids_by_rlimit;
  enforcement_.cpus_by_affinity = !compiled_.plan.processors.empty();
  enforcement_.caller_is_root = caller_.uid == 0;
  enforcement_.beyond_landlock = compiled_.beyond_landlock;
  enforcement_.guarded = !compiled_.guard.table.empty();
  enforcement_.no_guard = compiled_.no_guard;
  return {};
}

Result<std::unique_ptr<Process>> NativeSandbox::start(const ProcessSpec& spec) {
  if (started_) {
    return std::unexpected(Error{ErrorCode::Unsupported, "start a second command", spec.command, 0,
                                 "a native sandbox ends with its first command", ""});
  }
  auto process = launch(spec);
  if (!process && about_namespaces(process.error())) {
    TRY(weaken(std::move(process.error())));
    process = launch(spec);
  }
  started_ = process.has_value();
  return process;
}

Result<void> NativeSandbox::weaken(Error refusal) {
  const auto support = linux_os::probe_user_namespaces();
  if (support.usable) return std::unexpected(std::move(refusal));  // something else is wrong
  if (spec_.weaker_guarantees == WeakerGuarantees::Refuse) {
    Error error{ErrorCode::Degraded, "build the full sandbox", "", 0, support.blocked_by, ""};
    error.remedy = support.remedy.empty() ? "" : fmt::format("`{}` allows it, or ", support.remedy);
    error.remedy += "--allow-degraded runs with Landlock, seccomp and rlimits only";
    return std::unexpected(std::move(error));
  }
  if (facts_->landlock_abi == 0) {
    return std::unexpected(Error{ErrorCode::Unsupported, "build a sandbox", "", 0,
                                 support.blocked_by + "; and this kernel has no Landlock",
                                 support.remedy});
  }
  TRY(check_weakened());
  enforcement_.missing_walls = support.blocked_by;
  return compile_for(Walls::LandlockOnly);
}

Result<void> NativeSandbox::check_weakened() const {
  const Policy& policy = spec_.policy;
  const auto refuse = [](std::string what, std::string value) {
    return std::unexpected(Error{ErrorCode::Unsupported, std::move(what), std::move(value), 0,
                                 "only namespaces can give it, and they are forbidden here", ""});
  };
  if (policy.uid && *policy.uid != caller_.uid) {
    return refuse("set the user number", fmt::format("{}", *policy.uid));
  }
  if (policy.hostname != Policy{}.hostname) return refuse("set the host name", policy.hostname);
  return {};
}

SpareCgroup NativeSandbox::make_cgroup() {
  const cgroup::Support& support = facts_->cgroups->support();
  const Limits& limits = spec_.policy.limits;
  const cgroup::Limits wanted{limits.memory_bytes, limits.cpus, limits.pids};
  enforcement_.cgroup = nullptr;
  enforcement_.missing_cgroup = support.reason;
  SpareCgroup spare;
  if (Nursery* nursery = host_.nursery()) spare = nursery->take_cgroup(wanted);
  if (!spare.group) {
    auto made = facts_->cgroups->create(spec_.id);
    if (!made) {
      if (enforcement_.missing_cgroup.empty()) enforcement_.missing_cgroup = made.error().message();
      return {};
    }
    spare.group = std::move(*made);
  }
  if (!spare.limits) {
    const auto set = spare.group->set_limits(wanted);
    if (!set) {
      enforcement_.missing_cgroup = set.error().message();
      return {};
    }
    spare.limits = wanted;
  }
  enforcement_.cgroup = &support;
  return spare;
}

Result<std::vector<std::string>> NativeSandbox::environment() const {
  EnvironmentRules rules = spec_.policy.environment;
  GuestSurroundings guest{caller_.home(), "", compiled_.plan.working_directory};
  const char* user = std::getenv("USER");
  const auto uid = spec_.policy.uid.value_or(caller_.uid);
  guest.user = uid == 0 ? "root" : user && *user ? user : fmt::format("{}", uid);
  if (private_directory_) {
    guest.home = private_directory_->path() + "/home";
    rules.set.insert(rules.set.begin(), {"TMPDIR", private_directory_->path() + "/tmp"});
  }
  return build_environment(rules, guest, environ);
}

Result<std::unique_ptr<Process>> NativeSandbox::launch(const ProcessSpec& spec) {
  if (enforcement_.walls != Walls::Full) {
    prepared_.reset();
    return launch_in(TRY(Prepared::start(std::make_shared<linux_os::Groundwork>(), {})), spec);
  }
  auto prepared = prepared_ ? std::move(*prepared_) : begin();
  prepared_.reset();
  auto process = launch_in(TRY(std::move(prepared)), spec);
  const bool setup_failed = !process && process.error().operation == kSetUp;
  if (!setup_failed || !from_stock_) return process;
  return launch_in(TRY(host_.nursery()->start(outline_of(spec_.policy, caller_))), spec);
}

Result<std::unique_ptr<Process>> NativeSandbox::launch_in(Prepared prepared,
                                                          const ProcessSpec& spec) {
  const bool full = enforcement_.walls == Walls::Full;
  const auto variables = TRY(environment());
  const auto programs = program_candidates(spec.command, variables);

  RunningSandbox running;
  running.nursery = host_.nursery();
  Pipe in;
  Pipe out;
  Pipe err;
  if (!spec.terminal) {
    if (spec.stdin_source == StdinSource::Pipe) in = TRY(make_pipe(OurEnd::Write));
    out = TRY(make_pipe(OurEnd::Read));
    err = TRY(make_pipe(OurEnd::Read));
  }

  linux_os::LaunchRequest request;
  request.plan = &compiled_.plan;
  for (const std::string& program : programs) request.programs.push_back(program.c_str());
  request.arguments.push_back(spec.command.c_str());
  for (const std::string& argument : spec.args) request.arguments.push_back(argument.c_str());
  for (const std::string& variable : variables) request.environment.push_back(variable.c_str());
  request.stdin_fd = in.read.get();
  request.stdout_fd = out.write.get();
  request.stderr_fd = err.write.get();
  request.terminal = spec.terminal.has_value();
  if (spec.terminal) {
    request.terminal_rows = spec.terminal->rows;
    request.terminal_columns = spec.terminal->columns;
  }
  // Without a network namespace the socket families hold the network.
  request.filter = seccomp::filter(spec_.policy.nested_namespaces,
                                   full || spec_.policy.network == NetworkMode::Open
                                       ? seccomp::Sockets::Internet
                                       : seccomp::Sockets::UnixOnly);
  UniqueFd guard;
  if (enforcement_.guarded) {
    guard = TRY(linux_os::make_guard_file(compiled_.guard.table));
    request.guard_fd = guard.get();
    request.filter = seccomp::guarded_filter(compiled_.guard.level);
  }
  request.init_image_fd = facts_->init_image.get();
  request.make_cgroup = [&] {
    running.cgroup = make_cgroup();
    return running.cgroup.group.get();
  };
  if (!spec_.policy.required_guarantees.empty()) {
    // With the cgroup all that this launch will hold is decided, and the command is not there yet.
    running.cgroup = make_cgroup();
    TRY(check_required(spec_.policy.required_guarantees, guarantees()));
    request.make_cgroup = [&] { return running.cgroup.group.get(); };
  }
  if (spec.watch != Watch::Nothing) {
    request.before_orders = [&](pid_t first) -> Result<void> {
      observer_ =
          TRY(observe::Observer::follow(first, TRY(observer_settings(spec.watch, request.filter))));
      return {};
    };
  }
  running.launched = TRY(prepared.first.launch(request));

  if (!running.cgroup.group && spec_.policy.limits.memory_bytes) {
    running.watched_memory = spec_.policy.limits.memory_bytes;
  }
  enforcement_.memory_watched = running.watched_memory.has_value();
  running.network = std::move(prepared.network);
  running.streams = {std::move(in.write), std::move(out.read), std::move(err.read)};
  running.own_pid_namespace = full;
  if (running.nursery) running.nursery->tend();
  return std::make_unique<NativeProcess>(std::move(running));
}

Result<observe::ObserverSettings> NativeSandbox::observer_settings(
    Watch watch, std::span<const sock_filter> filter) const {
  const auto judge = std::make_shared<const Judge>(TRY(
      Judge::make({.policy = spec_.policy,
                   .work_dir = spec_.work_dir,
                   .caller = caller_,
                   .walls = enforcement_.walls,
                   .private_directory = private_directory_ ? private_directory_->path() : ""})));
  return observe::ObserverSettings{
      .watch = watch,
      .judge_successes = judge->shows_substitutes(),
      .filter = filter,
      .judge = [judge](const Observed& attempt) { return judge->judge(attempt); }};
}

Result<Observation> NativeSandbox::observation() {
  if (!observer_.following()) return Sandbox::observation();
  return observer_.finish();
}

Guarantees NativeSandbox::guarantees() const { return make_guarantees(enforcement_); }

Result<std::string> NativeSandbox::describe(const ProcessSpec& spec) {
  if (enforcement_.walls == Walls::Full && !linux_os::probe_user_namespaces().usable) {
    TRY(weaken(Error{ErrorCode::Unsupported, "make the sandbox's namespaces", "", 0, "", ""}));
  }
  std::string text;
  int number = 1;
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:4}  {}\n", number++, words);
  };
  const linux_os::Plan& plan = compiled_.plan;
  if (enforcement_.walls == Walls::Full) {
    line("start a process in new namespaces");
    const linux_os::Groundwork groundwork = make_groundwork(outline_of(spec_.policy, caller_));
    for (const linux_os::PlanStep& step : groundwork.steps) line(linux_os::describe(step));
    if (groundwork.namespaces & CLONE_NEWNET) line("a network namespace, its loopback up");
  } else {
    line("start a process on the host's own tree");
  }
  for (const linux_os::PlanStep& step : plan.steps) line(linux_os::describe(step));
  line(fmt::format("enter a cgroup ({})", facts_->cgroups->support().mechanism.empty()
                                              ? "none: " + facts_->cgroups->support().reason
                                              : facts_->cgroups->support().mechanism));
  line("new session, new session keyring, streams, close every other descriptor");
  for (const auto& limit : plan.resource_limits) {
    line(fmt::format("resource limit {} = {}", limit.resource, limit.value));
  }
  line(fmt::format("enter {}", plan.working_directory));
  line("drop every capability, no_new_privs");
  for (const auto& rule : plan.landlock_rules) {
    const bool own = private_directory_ && rule.path == private_directory_->path();
    line(fmt::format("Landlock: allow {:#x} beneath {}", rule.access,
                     own ? "a private directory in /tmp" : rule.path));
  }
  if (enforcement_.guarded) {
    line(fmt::format("guard names with {} rules: hand over the calls that {}",
                     compiled_.guard.rules, words(compiled_.guard.level)));
  }
  line("load the system call filter");
  std::string command = spec.command;
  for (const std::string& argument : spec.args) command += " " + argument;
  line("exec " + command);
  return text;
}

}  // namespace cordon::native
