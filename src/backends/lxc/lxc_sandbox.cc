#include "lxc/lxc_sandbox.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "core/remove_tree.h"
#include "core/try.h"
#include "lxc/json.h"
#include "lxc/kept_instance.h"
#include "lxc/shared_instance.h"
#include "policy/required_guarantees.h"
#include "sandbox/bridged_streams.h"
#include "sandbox/checkpoint_directory.h"
#include "sandbox/unsupported.h"

namespace cordon::lxc {

namespace {

using namespace std::chrono_literals;

// A store that works hard starts a command late.
constexpr auto kReadyPatience = 60s;
// As much as a private directory may hold, to a slow disk.
constexpr auto kKeepPatience = 600s;
constexpr int kCommandNotFound = 127;

// Of a program that says nothing and is about to end.
int exit_code_soon(const ExecStreams& streams) {
  constexpr int kPatience = 10'000;
  pollfd ended{streams.exit_fd(), POLLIN, 0};
  ::poll(&ended, 1, kPatience);
  return streams.exit_code().value_or(0);
}

Error not_of_shared(const std::string& instance) {
  return unsupported("checkpoint the sandbox", instance,
                     "others use the instance, too, and none of its files are the command's",
                     "--image makes an instance for each run; `lxc snapshot` keeps all of one");
}

}  // namespace

LxcSandbox::LxcSandbox(Store store, const Settings& settings, const SandboxSpec& spec)
    : store_(std::move(store)),
      shared_(spec.image.empty() ? settings.instance : ""),
      network_(settings.network),
      spec_(spec) {
  enforcement_.policy = &spec_.policy;
  enforcement_.files = &prepared_.files;
  enforcement_.store = store_.info();
  enforcement_.shared = !shared_.empty();
}

Result<std::unique_ptr<LxcSandbox>> LxcSandbox::create(Store store, const Settings& settings,
                                                       const SandboxSpec& spec) {
  std::unique_ptr<LxcSandbox> sandbox(new LxcSandbox(std::move(store), settings, spec));
  TRY(sandbox->check_policy());
  TRY(sandbox->prepare());
  return sandbox;
}

Result<std::unique_ptr<LxcSandbox>> LxcSandbox::restore(Store store, const Settings& settings,
                                                        const SandboxSpec& spec,
                                                        const std::string& directory) {
  std::unique_ptr<LxcSandbox> sandbox(new LxcSandbox(std::move(store), settings, spec));
  sandbox->restored_ = directory;
  if (!sandbox->shared_.empty()) return std::unexpected(not_of_shared(sandbox->shared_));
  TRY(sandbox->check_policy());
  TRY(sandbox->prepare());
  return sandbox;
}

Result<void> LxcSandbox::check_policy() const {
  if (shared_.empty() && spec_.image.empty()) {
    Error error = invalid_argument("run in an instance", "", "none is named, and no image either");
    error.remedy =
        "--image NAME, or CORDON_LXC_IMAGE, makes one for each run of an image or of a stopped "
        "instance; CORDON_LXC_INSTANCE names one that runs already";
    return std::unexpected(std::move(error));
  }
  if (shared_.empty() && !is_image_name(spec_.image)) {
    return std::unexpected(
        invalid_argument("use the image", spec_.image.substr(0, 100), "that is no image's name"));
  }
  if (spec_.policy.nested_namespaces == NestedNamespaces::Allowed) {
    return std::unexpected(
        unsupported("allow nested namespaces", "", "the lxc backend never does"));
  }
  return {};
}

Result<void> LxcSandbox::prepare() {
  prepared_ = TRY(lxc::prepare(spec_, store_.socket()));
  return shared_.empty() ? prepare_own() : prepare_shared();
}

Result<void> LxcSandbox::prepare_shared() {
  auto found = store_.instance(shared_);
  if (!found) {
    Error error = std::move(found).error();
    if (error.code == ErrorCode::NotFound) {
      error.remedy = "`lxc list` shows those that there are; CORDON_LXC_INSTANCE names one";
    }
    return std::unexpected(std::move(error));
  }
  if (!found->running) {
    return std::unexpected(unsupported("use the instance", shared_, "it does not run",
                                       fmt::format("`lxc start {}` starts it", shared_)));
  }
  prepared_.inside.shared_instance = true;
  prepared_.inside.own_network = spec_.policy.network == NetworkMode::None;
  prepared_.inside.sources = TRY(find_shown(*found, prepared_.files));
  enforcement_.privileged = is_privileged(*found);
  enforcement_.instance_there = true;
  if (enforcement_.privileged && spec_.weaker_guarantees == WeakerGuarantees::Refuse) {
    return std::unexpected(
        Error{.code = ErrorCode::Degraded,
              .operation = "use the instance",
              .subject = shared_,
              .sys_errno = 0,
              .detail = "it is privileged: its root is this host's",
              .remedy = fmt::format("`lxc config set {} security.privileged false`; "
                                    "--allow-degraded runs in it as it is",
                                    shared_)});
  }
  prepared_.inside.program = shared_program_path(TRY(read_program(prepared_.program)));
  return check_required(spec_.policy.required_guarantees, guarantees());
}

Result<void> LxcSandbox::prepare_own() {
  plan_.name = instance_name(spec_.id);
  if (!is_instance_name(plan_.name)) {
    return std::unexpected(invalid_argument("name an instance", plan_.name, "it is no such name"));
  }
  plan_.sandbox_id = spec_.id;
  plan_.program = prepared_.program;
  plan_.identity = prepared_.inside.identity;
  plan_.origin = restored_.empty() ? TRY(find_origin(store_, spec_.image))
                                   : TRY(find_kept(store_, restored_, scene()));
  prepared_.inside.restored = !restored_.empty();
  const auto defaults = store_.default_devices();
  if (defaults) plan_.pool = json::text(json::object(*defaults, "root"), "pool");
  if (plan_.pool.empty()) plan_.pool = TRY(store_.any_pool());
  if (spec_.policy.network == NetworkMode::Open) {
    plan_.subnet = TRY(find_subnet(store_, network_, defaults.value_or(boost::json::object())));
    for (const Address& resolver : plan_.subnet->resolvers) {
      prepared_.inside.resolvers.push_back(resolver.to_string());
    }
  }
  plan_.mapping = choose_mapping(store_.info(), store_.root_directory(), prepared_.inside.identity);
  TRY(check_mapping());
  prepared_.inside.program = kProgramPlace;
  for (std::size_t i = 0; i < prepared_.files.steps.size(); ++i) {
    if (prepared_.files.steps[i].shows())
      prepared_.inside.sources.emplace_back(prepared_.files.steps[i].path, shown_place(i));
  }
  return {};
}

Result<void> LxcSandbox::create_instance() {
  const auto create = [&]() -> Result<void> {
    TRY(store_.create(
        instance_request(plan_, store_.info(), prepared_.files, spec_.policy.limits)));
    instance_ = std::make_shared<OwnInstance>(store_, plan_.name);
    return {};
  };
  if (!plan_.subnet) return create();
  // The store refuses an address that it knows to be somebody's, but for two who ask at once.
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    plan_.address = TRY(choose_address(store_, *plan_.subnet));
    auto created = create();
    if (!created && created.error().detail.contains("already defined")) continue;
    TRY(std::move(created));
    if (TRY(is_only_ours(store_, *plan_.subnet, plan_.address, plan_.name))) return {};
    instance_.reset();
  }
  return std::unexpected(Error{.code = ErrorCode::Unavailable,
                               .operation = "open the network",
                               .subject = plan_.subnet->network,
                               .sys_errno = 0,
                               .detail = "others took every address that was chosen",
                               .remedy = "try again"});
}

Result<void> LxcSandbox::make_instance() {
  const auto make = [&]() -> Result<void> {
    TRY(create_instance());
    return instance_->start();
  };
  auto made = make();
  // The kernel may have what the store says it has, and the store not know how to use it.
  if (!made && plan_.mapping == Mapping::Shift && made.error().detail.contains("idmapping")) {
    instance_.reset();
    plan_.mapping = Mapping::None;
    TRY(check_mapping());
    made = make();
  }
  return made;
}

// Without a mapping what is written belongs to nobody here, and what is there cannot be written.
Result<void> LxcSandbox::check_mapping() const {
  const docker::Identity& user = prepared_.inside.identity;
  const bool owner = TRY(docker::owner_of(prepared_.rules.work_dir)).uid == user.uid;
  if (plan_.mapping != Mapping::None || (!owner && user.uid == docker::kNonRootUser)) return {};
  return std::unexpected(unsupported(
      "let what the instance writes belong to the user", fmt::format("{}", user.uid),
      "this store cannot map users of mounts here",
      fmt::format("the lines root:{}:1 in /etc/subuid and root:{}:1 in /etc/subgid allow it, once "
                  "the store is started again",
                  user.uid, user.gid)));
}

Result<void> LxcSandbox::look_at_instance(pid_t first_process, const std::string& name) {
  enforcement_.instance_there = true;
  enforcement_.evidence = look_at_process(first_process);
  enforcement_.groups = linux_os::find_groups(first_process, name);
  if (const auto& seen = enforcement_.evidence) {
    std::string wrong;
    if (!seen->user_namespace) wrong = "its root is this host's";
    std::vector<std::string> expected = {"lo"};
    if (plan_.subnet) expected.insert(expected.begin(), std::string(kInterface));
    if (seen->interfaces != expected || !seen->other_network) {
      wrong = "it has another network than was asked for";
    }
    if (!wrong.empty()) {
      return std::unexpected(
          unsupported("make an instance", name, fmt::format("the kernel says: {}", wrong)));
    }
  }
  return check_required(spec_.policy.required_guarantees, guarantees());
}

Result<ExecRequest> LxcSandbox::request_for(const ProcessSpec& spec) const {
  const auto variables = TRY(environment_of(spec_, prepared_));
  ExecRequest request;
  request.words = words_for(prepared_.inside, prepared_.files, variables, spec);
  for (const std::string& variable : variables) {
    const auto equals = variable.find('=');
    request.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  if (spec.terminal) {
    request.terminal = true;
    request.rows = spec.terminal->rows;
    request.columns = spec.terminal->columns;
  }
  return request;
}

Result<std::unique_ptr<Process>> LxcSandbox::start(const ProcessSpec& spec) {
  if (started_ && shared_.empty()) {
    return std::unexpected(unsupported("start a second command", spec.command,
                                       "an instance that is made for one ends with it"));
  }
  if (spec.watch != Watch::Nothing) {
    return std::unexpected(unsupported("observe the command", "", "the lxc backend cannot"));
  }
  started_ = true;
  if (shared_.empty()) {
    TRY(make_instance());
    TRY(look_at_instance(instance_->first_process(), plan_.name));
  }
  auto process = run(spec);
  if (!process) instance_.reset();
  return process;
}

Result<void> LxcSandbox::check_keeping(Keep keep) const {
  if (keep == Keep::Processes) {
    return std::unexpected(unsupported(
        "keep the processes of an instance", plan_.name,
        "a snapshot of the store's holds files, and neither processes nor their memory",
        "Keep::Files keeps the private directories; the gvisor backend keeps processes"));
  }
  if (!shared_.empty()) return std::unexpected(not_of_shared(shared_));
  if (instance_ && !instance_->ended()) return {};
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = "checkpoint the sandbox",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "nothing runs in it",
                               .remedy = {}});
}

Scene LxcSandbox::scene() const {
  Scene scene{.image = spec_.image,
              .work_dir = prepared_.rules.work_dir,
              .identity = prepared_.inside.identity,
              .private_directories = {}};
  for (const FileStep& step : prepared_.files.steps) {
    if (step.kind == FileStep::Kind::Scratch) scene.private_directories.push_back(step.path);
  }
  return scene;
}

Result<void> LxcSandbox::checkpoint(const std::string& directory, Keep keep) {
  TRY(check_keeping(keep));
  NewCheckpoint written = TRY(NewCheckpoint::create(directory));
  // Everybody stands still until this is gone, or the instance.
  BridgedStreams streams = TRY(make_bridged_streams(
      {.command = {}, .args = {}, .stdin_source = StdinSource::Pipe, .terminal = {}}));
  ExecRequest request;
  request.words = words_for_keeping(prepared_.inside, prepared_.files);
  const auto holding = TRY(exec(request, std::move(streams.bridge)));
  TRY(holding->await_ready(kKeepPatience));
  KeptInstance kept = TRY(KeptInstance::make(store_, plan_, scene(), written.path()));
  const auto complete = [&]() -> Result<void> {
    TRY(written.finish(manifest_of(scene(), kept.name())));
    TRY(kept.release());
    return instance_->end_kept();
  };
  auto completed = complete();
  if (!completed) {
    (void)remove_tree(directory);
    return completed;
  }
  kept.commit();
  return {};
}

Result<std::unique_ptr<ExecStreams>> LxcSandbox::exec(const ExecRequest& request, BridgeEnds ends) {
  const std::string& name = shared_.empty() ? plan_.name : shared_;
  ExecHandle handle = TRY(store_.exec(name, request));
  return ExecStreams::start(store_.socket(), std::move(handle), std::move(ends));
}

Result<std::unique_ptr<Process>> LxcSandbox::run(const ProcessSpec& spec) {
  const ExecRequest request = TRY(request_for(spec));
  BridgedStreams streams = TRY(make_bridged_streams(spec));
  auto moved = TRY(exec(request, std::move(streams.bridge)));
  auto ready = moved->await_ready(kReadyPatience);
  if (!ready && !shared_.empty() && exit_code_soon(*moved) == kCommandNotFound) {
    // The first run in this instance.
    TRY(store_.put_program(shared_, prepared_.inside.program,
                           TRY(read_program(prepared_.program))));
    streams = TRY(make_bridged_streams(spec));
    moved = TRY(exec(request, std::move(streams.bridge)));
    ready = moved->await_ready(kReadyPatience);
  }
  if (!ready) return std::unexpected(std::move(ready).error());
  return std::make_unique<LxcProcess>(instance_, std::move(moved), std::move(streams.ours),
                                      enforcement_.groups,
                                      spec_.policy.limits.disk_bytes.has_value());
}

Guarantees LxcSandbox::guarantees() const { return make_guarantees(enforcement_); }

Result<std::string> LxcSandbox::describe(const ProcessSpec& spec) {
  TRY(environment_of(spec_, prepared_));
  std::string text;
  int number = 1;
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:4}  {}\n", number++, words);
  };
  const Limits& limits = spec_.policy.limits;
  line(fmt::format("ask {} {} at {}", store_.info().name, store_.info().version, store_.socket()));
  if (shared_.empty()) {
    line(fmt::format("make instance {} of {} {} in pool {}", plan_.name,
                     plan_.origin.is_image ? "image" : "instance",
                     restored_.empty() ? spec_.image : plan_.origin.name, plan_.pool));
    if (!restored_.empty()) {
      line(fmt::format("put back the private directories of {}; no process of then goes on",
                       restored_));
    }
    if (limits.memory_bytes) line(fmt::format("limit memory to {} bytes", *limits.memory_bytes));
    if (limits.cpus) line(fmt::format("limit processors to {}", *limits.cpus));
    if (limits.pids) line(fmt::format("limit processes to {}", *limits.pids));
  } else {
    line(fmt::format("use instance {}", shared_));
    line("make PID and IPC namespaces in it");
  }
  if (plan_.subnet) {
    line(fmt::format("network: {} with an address of {}'s, {}", kInterface, plan_.subnet->network,
                     plan_.subnet->bridge.canonical().to_string()));
  } else {
    line(spec_.policy.network == NetworkMode::None ? "network: lo alone"
                                                   : "network: the instance's");
  }
  for (const std::string& words : describe_inside(prepared_, spec)) line(words);
  return text;
}

}  // namespace cordon::lxc
