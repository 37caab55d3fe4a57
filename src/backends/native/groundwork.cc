#include "native/groundwork.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <string>

#include "policy/default_policy.h"

namespace cordon::native {

namespace {

using linux_os::Operation;
using linux_os::StepList;
using linux_os::Tolerance;

constexpr std::uint64_t kDefaultDisk = 2ULL << 30;
constexpr std::string_view kMasks = "/dev/pts/masks";

void map_user(StepList& steps, const Outline& outline) {
  // One id, the caller's own: whatever number it sees inside, it owns no more outside.
  steps.add(Operation::WriteFile, "/proc/self/setgroups", "deny");
  steps.add(Operation::WriteFile, "/proc/self/uid_map",
            fmt::format("{} {} 1\n", outline.inner_uid, outline.outer_uid));
  steps.add(Operation::WriteFile, "/proc/self/gid_map",
            fmt::format("{} {} 1\n", outline.inner_gid, outline.outer_gid));
  if (outline.nested_namespaces == NestedNamespaces::Refused) {
    // Behind the filter's refusal: no namespace of this kind can be made below this one. A host
    // that mounts /proc/sys read-only keeps the first wall.
    steps.add(Operation::WriteFile, "/proc/sys/user/max_user_namespaces", "0\n").tolerance =
        Tolerance::Anything;
  }
}

void add_proc(StepList& steps) {
  steps.add(Operation::MakeDirectory, "/proc", "", 0555);
  steps.add(Operation::MountProc, "/proc");
  const DefaultPolicy defaults = default_policy();
  // Which files /proc has depends on the kernel's configuration.
  for (const DefaultEntry& entry : defaults.proc_read_only) {
    steps.add(Operation::Seal, entry.path).tolerance = Tolerance::Absence;
  }
  for (const DefaultEntry& entry : defaults.proc_hidden) {
    steps.add(Operation::Cover, entry.path, mask::kEmptyFile).tolerance = Tolerance::Absence;
  }
  for (const DefaultEntry& entry : defaults.proc_hidden_directories) {
    steps.add(Operation::Cover, entry.path, mask::kEmptyDirectory).tolerance = Tolerance::Absence;
  }
}

void add_dev(StepList& steps) {
  for (const DefaultEntry& entry : default_policy().devices) {
    // Read-only says nothing about what is written *to* a device, but it keeps root's guest from
    // changing the mode and times of the host's node. A host may lack one.
    steps
        .add(Operation::BindDevice, entry.path, "",
             kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoExec)
        .tolerance = Tolerance::Absence;
  }
  constexpr std::pair<std::string_view, std::string_view> links[] = {
      {"/dev/ptmx", "pts/ptmx"},
      {"/dev/fd", "/proc/self/fd"},
      {"/dev/stdin", "/proc/self/fd/0"},
      {"/dev/stdout", "/proc/self/fd/1"},
      {"/dev/stderr", "/proc/self/fd/2"}};
  for (const auto& [place, target] : links) steps.add(Operation::MakeSymlink, place, target);
}

}  // namespace

// All in an area that is sealed once: what is taken from a sealed mount is sealed.
void add_masks(StepList& steps) {
  for (const std::string_view directory : {"/dev", "/dev/pts"}) {
    steps.add(Operation::MakeDirectory, directory, "", 0755);
  }
  steps.add(Operation::MakeDirectory, kMasks, "", 0755);
  steps.add(Operation::MakeDirectory, mask::kDeniedDirectory, "", 0);
  steps.add(Operation::MakeDirectory, mask::kEmptyDirectory, "", 0555);
  steps.add(Operation::MakeFile, mask::kDeniedFile, "", 0);
  steps.add(Operation::MakeFile, mask::kEmptyFile, "", 0444);
  steps.add(Operation::Seal, kMasks);
}

Outline outline_of(const Policy& policy, const Caller& caller) {
  // What lies there is memory. Most of it counts as the command's, but not the inodes and links
  // that the guard makes for it: this bounds them too.
  const std::uint64_t scratch = std::min(policy.limits.disk_bytes.value_or(kDefaultDisk),
                                         policy.limits.memory_bytes.value_or(kDefaultDisk));
  return {.outer_uid = caller.uid,
          .outer_gid = caller.gid,
          .inner_uid = policy.uid.value_or(caller.uid),
          .inner_gid = policy.uid.value_or(caller.gid),
          .network = policy.network,
          .nested_namespaces = policy.nested_namespaces,
          .scratch_bytes = scratch};
}

linux_os::Groundwork make_groundwork(const Outline& outline) {
  linux_os::Groundwork groundwork;
  groundwork.namespaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (outline.network == NetworkMode::None) groundwork.namespaces |= CLONE_NEWNET;
  map_user(groundwork.steps, outline);
  groundwork.steps.add(Operation::NewRoot, "/", "", outline.scratch_bytes);
  add_masks(groundwork.steps);
  add_proc(groundwork.steps);
  add_dev(groundwork.steps);
  return groundwork;
}

}  // namespace cordon::native
