#include "gvisor/world.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

#include "core/try.h"
#include "core/unique_fd.h"
#include "gvisor/files.h"
#include "gvisor/places.h"
#include "linux/kernel.h"
#include "native/groundwork.h"

namespace cordon::gvisor {

namespace {

using linux_os::Operation;
using linux_os::StepList;

// Directories, a configuration and the state of one container.
constexpr std::uint64_t kWorldBytes = 32ULL << 20;
constexpr std::uint64_t kDevice =
    kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoExec;

void add_own_files(StepList& steps, const Runsc& runsc, Platform platform) {
  steps.add(Operation::NewRoot, "/", "", kWorldBytes);
  steps.add(Operation::PrivateMounts);
  for (const std::string_view directory : {"/dev", "/dev/pts", "/tmp", "/etc"}) {
    steps.add(Operation::MakeDirectory, directory, "", 0755);
  }
  steps.add(Operation::MakeSymlink, "/dev/ptmx", "pts/ptmx");
  // Nothing in it is covered: in a user namespace a kernel lets nobody mount another one then, and
  // gVisor's processes each need their own.
  steps.add(Operation::MakeDirectory, "/proc", "", 0555);
  steps.add(Operation::MountProc, "/proc");
  for (const std::string_view device : {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"}) {
    steps.add(Operation::BindDevice, device, "", kDevice);
  }
  // runsc opens it and hands it to gVisor's kernel, whose own root has no device.
  if (platform == Platform::Kvm) steps.add(Operation::BindDevice, "/dev/kvm", "", kDevice);
  for (const std::string_view directory : {place::kBundle, place::kState}) {
    steps.add(Operation::MakeDirectory, directory, "", 0700);
  }
  for (const std::string_view file : {place::kConfig, place::kLog}) {
    steps.add(Operation::MakeFile, file, "", 0600);
  }
  steps.add(Operation::MakeFile, place::kRunsc, "", 0444);
  linux_os::PlanStep& bind =
      steps.add(Operation::Bind, place::kRunsc, runsc.path,
                kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoDev);
  bind.identity = runsc.identity;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.valid() &&
      ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return {};
  }
  return std::unexpected(system_error("map the sandbox's users", path));
}

}  // namespace

linux_os::Groundwork make_groundwork(NetworkMode network) {
  linux_os::Groundwork groundwork;
  groundwork.namespaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (network == NetworkMode::None) groundwork.namespaces |= CLONE_NEWNET;
  groundwork.privileges = linux_os::Privileges::OfUserNamespace;
  return groundwork;
}

linux_os::Plan make_plan(const WorldInput& input) {
  linux_os::Plan plan;
  StepList& steps = plan.steps;
  add_own_files(steps, *input.runsc, input.platform);
  if (input.checkpoint != nullptr) {
    steps.add(Operation::MakeDirectory, place::kImage, "", 0700);
    steps.add(Operation::Bind, place::kImage, input.checkpoint->path, kDevice | kernel::kMountNoDev)
        .identity = input.checkpoint->identity;
  }
  if (input.console != nullptr) {
    steps.add(Operation::MakeFile, place::kConsole, "", 0600);
    steps
        .add(Operation::Bind, place::kConsole, input.console->path(), kDevice | kernel::kMountNoDev)
        .identity = input.console->identity();
  }
  steps.add(Operation::MakeDirectory, place::kRootfs, "", 0755);
  steps.add(Operation::Cover, place::kRootfs, place::kRootfs);
  if (input.stage && input.stage->identity) {
    const std::string path = std::string(place::kRootfs) + std::string(place::kStage);
    steps.add(Operation::MakeFile, path, "", 0444);
    steps
        .add(Operation::Bind, path, input.stage->path,
             kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoDev)
        .identity = *input.stage->identity;
  }
  StepList masks;
  native::add_masks(masks);
  add_below_rootfs(masks, steps);
  add_below_rootfs(native::make_plan(*input.policy, *input.rules).steps, steps);
  steps.add(Operation::SealRoot, place::kRootfs);
  steps.add(Operation::MountDevpts, "/dev/pts");
  steps.add(Operation::PivotRoot);
  steps.add(Operation::WriteFile, place::kConfig, input.config);
  plan.working_directory = "/";
  // gVisor's kernel moves the streams of its sandbox to 256 and what follows.
  plan.spare_descriptor = 300;
  plan.resource_limits.push_back({RLIMIT_CORE, 1});
  return plan;
}

Result<void> map_users(pid_t first, const native::Caller& caller,
                       const std::optional<SecondIds>& second) {
  const auto map = [&](uid_t id) {
    std::string text = fmt::format("0 {} 1\n", id);
    if (caller.uid == 0) text += fmt::format("{} {} 1\n", kKernelUser, kKernelUser);
    return text;
  };
  const std::string process = fmt::format("/proc/{}/", first);
  TRY(write_file(process + "setgroups", "deny"));
  if (second) return map_by_programs(first, caller, *second);
  TRY(write_file(process + "uid_map", map(caller.uid)));
  return write_file(process + "gid_map", map(caller.gid));
}

std::vector<std::string> runsc_arguments(const RuntimeInput& input) {
  std::vector<std::string> arguments = {
      "runsc",
      fmt::format("--root={}", place::kState),
      fmt::format("--log={}", place::kLog),
      fmt::format("--platform={}", to_string(input.platform)),
      // The host's is this world's own, which has no way out; or the one that was asked for.
      input.network == NetworkMode::None ? "--network=none" : "--network=host",
      "--ignore-cgroups",
  };
  // With one user number alone gVisor's kernel is what the files' server is.
  if (!input.two_users) arguments.emplace_back("--rootless");
  arguments.emplace_back(input.from_checkpoint ? "restore" : "run");
  arguments.push_back(fmt::format("--bundle={}", place::kBundle));
  if (input.from_checkpoint) arguments.push_back(fmt::format("--image-path={}", place::kImage));
  if (input.console) arguments.push_back(fmt::format("--console-socket={}", place::kConsole));
  arguments.push_back(input.id);
  return arguments;
}

}  // namespace cordon::gvisor
