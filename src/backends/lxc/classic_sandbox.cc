#include "lxc/classic_sandbox.h"

#include <fmt/format.h>

#include "core/try.h"
#include "lxc/attached_command.h"
#include "lxc/lxc_process.h"
#include "policy/required_guarantees.h"
#include "sandbox/bridged_streams.h"
#include "sandbox/unsupported.h"

namespace cordon::lxc {

Error no_checkpoints_of_classic() {
  return unsupported("checkpoint the sandbox", "",
                     "a container of classic LXC has other users, too, and none of its files are "
                     "the command's",
                     "LXD or Incus make an instance for each run; `lxc-snapshot` keeps all of a "
                     "container that does not run");
}

Result<void> ClassicSandbox::checkpoint(const std::string&, Keep) {
  return std::unexpected(no_checkpoints_of_classic());
}

Result<std::unique_ptr<ClassicSandbox>> ClassicSandbox::create(ClassicContainer container,
                                                               const SandboxSpec& spec) {
  std::unique_ptr<ClassicSandbox> sandbox(new ClassicSandbox(std::move(container), spec));
  TRY(sandbox->check());
  TRY(sandbox->prepare());
  return sandbox;
}

Result<void> ClassicSandbox::check() const {
  if (!spec_.image.empty()) {
    return std::unexpected(unsupported("start from the image", spec_.image,
                                       "a container of classic LXC runs already",
                                       "LXD or Incus makes an instance for each run"));
  }
  if (spec_.policy.nested_namespaces == NestedNamespaces::Allowed) {
    return std::unexpected(
        unsupported("allow nested namespaces", "", "the lxc backend never does"));
  }
  if (!container_.user_namespace && spec_.weaker_guarantees == WeakerGuarantees::Refuse) {
    return std::unexpected(Error{.code = ErrorCode::Degraded,
                                 .operation = "use the container",
                                 .subject = container_.name,
                                 .sys_errno = 0,
                                 .detail = "it is privileged: its root is this host's",
                                 .remedy = "give it `lxc.idmap` lines; --allow-degraded runs in it "
                                           "as it is"});
  }
  return {};
}

Result<void> ClassicSandbox::prepare() {
  prepared_ = TRY(lxc::prepare(spec_, ""));
  Inside& inside = prepared_.inside;
  inside.shared_instance = true;
  inside.own_network = spec_.policy.network == NetworkMode::None;
  inside.attached = true;
  inside.program = fmt::format("/proc/self/fd/{}", kProgramFd);
  inside.sources = TRY(find_shown(container_, inside.identity, prepared_.files));
  enforcement_.policy = &spec_.policy;
  enforcement_.files = &prepared_.files;
  enforcement_.store = {.name = "LXC", .version = "by lxc-attach", .idmapped_mounts = false};
  enforcement_.instance_there = true;
  enforcement_.shared = true;
  enforcement_.privileged = !container_.user_namespace;
  return check_required(spec_.policy.required_guarantees, guarantees());
}

Result<std::unique_ptr<Process>> ClassicSandbox::start(const ProcessSpec& spec) {
  // As long as a container that works hard may take.
  constexpr std::chrono::seconds kReadyPatience(60);
  if (spec.watch != Watch::Nothing) {
    return std::unexpected(unsupported("observe the command", "", "the lxc backend cannot"));
  }
  if (spec.terminal) {
    return std::unexpected(unsupported("give the command a terminal", "",
                                       "lxc-attach does where it has one itself",
                                       "LXD or Incus give one"));
  }
  AttachRequest request{.words = container_.attach_words(),
                        .environment = TRY(environment_of(spec_, prepared_)),
                        .program = prepared_.program};
  for (std::string& word :
       words_for(prepared_.inside, prepared_.files, request.environment, spec)) {
    request.words.push_back(std::move(word));
  }
  BridgedStreams streams = TRY(make_bridged_streams(spec));
  auto command =
      TRY(AttachedCommand::start(request, std::move(streams.bridge), streams.ours.err.get()));
  TRY(command->await_ready(kReadyPatience));
  return std::make_unique<LxcProcess>(nullptr, std::move(command), std::move(streams.ours),
                                      linux_os::ControlGroups(),
                                      spec_.policy.limits.disk_bytes.has_value());
}

Result<std::string> ClassicSandbox::describe(const ProcessSpec& spec) {
  TRY(environment_of(spec_, prepared_));
  std::vector<std::string> lines = {
      fmt::format("use container {}", container_.name), "make PID and IPC namespaces in it",
      spec_.policy.network == NetworkMode::None ? "network: lo alone" : "network: the container's"};
  for (std::string& line : describe_inside(prepared_, spec)) lines.push_back(std::move(line));
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += fmt::format("{:4}  {}\n", i + 1, lines[i]);
  return text;
}

}  // namespace cordon::lxc
