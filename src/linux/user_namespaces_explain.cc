// From an errno to the switch behind it. The kernel has one EPERM for a dozen causes, so the causes
// that can be read are looked at in the order in which the kernel checks them.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "linux/caller.h"
#include "linux/container_kind.h"
#include "linux/proc_file.h"
#include "linux/root_directory.h"
#include "linux/user_namespaces.h"

namespace cordon::linux_os {

namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

UserNamespaceSupport blocked(std::string by, std::string remedy = {}) {
  return {false, std::move(by), std::move(remedy)};
}

UserNamespaceSupport blocked_by_filter(const HostRoot& root) {
  switch (container_kind(root)) {
    case ContainerKind::Docker:
      return blocked(
          "the container's seccomp filter refuses clone with CLONE_NEWUSER (Docker's default)",
          "docker run --security-opt seccomp=unconfined ...");
    case ContainerKind::Podman:
      return blocked("the container's seccomp filter refuses clone with CLONE_NEWUSER",
                     "podman run --security-opt seccomp=unconfined ...");
    case ContainerKind::Kubernetes:
      return blocked("the pod's seccomp profile refuses clone with CLONE_NEWUSER",
                     "set securityContext.seccompProfile.type: Unconfined in the pod");
    case ContainerKind::None:
    case ContainerKind::Other:
      break;
  }
  return blocked(
      "a seccomp filter on the caller refuses clone with CLONE_NEWUSER (an enclosing sandbox, or "
      "RestrictNamespaces= of a systemd service)",
      "run Cordon outside of what set the filter");
}

UserNamespaceSupport blocked_by_apparmor(const Caller& caller) {
  return blocked(
      "kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor takes every privilege inside a "
      "user namespace from programs without a profile (Ubuntu's default)",
      caller.as_root("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"));
}

bool apparmor_restricts(const HostRoot& root, const Caller& caller) {
  const std::string knob = root.at("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  return !caller.has(kCapSysAdmin) && read_proc_number(knob).value_or(0) != 0;
}

UserNamespaceSupport explain_permission(int error, const HostRoot& root, const Caller& caller) {
  if (root_directory(root) == RootDirectory::Chroot) {
    return blocked("the caller is in a chroot, where the kernel refuses user namespaces",
                   "systemd-nspawn --directory DIR, instead of chroot DIR");
  }
  if (!is_mapped(root, caller.uid)) {
    return blocked(
        fmt::format("user {} has no name in the user namespace the caller runs in", caller.uid));
  }
  const std::string debian = root.at("/proc/sys/kernel/unprivileged_userns_clone");
  if (!caller.has(kCapSysAdmin) && read_proc_number(debian) == 0) {
    return blocked("kernel.unprivileged_userns_clone is 0: only root may make user namespaces",
                   caller.as_root("sysctl -w kernel.unprivileged_userns_clone=1"));
  }
  // A filter answers EPERM and never EACCES; a security module answers either.
  if (caller.filtered && error == EPERM) return blocked_by_filter(root);
  if (apparmor_restricts(root, caller)) return blocked_by_apparmor(caller);
  if (read_proc_number(root.at("/sys/fs/selinux/enforce")) == 1) {
    return blocked("SELinux's policy refuses user_namespace create to this domain",
                   caller.as_root("sh -c 'ausearch -m avc -ts recent | audit2allow -M "
                                  "cordon_userns && semodule -i cordon_userns.pp'"));
  }
  const auto modules = read_proc_line(root.at("/sys/kernel/security/lsm"));
  return blocked(
      fmt::format("the kernel refuses clone with CLONE_NEWUSER ({}); a security module ({}), a "
                  "chroot or an enclosing sandbox can do that",
                  error_text(error), modules && !modules->empty() ? *modules : "unknown"),
      caller.as_root("dmesg | tail -20, to see who refused"));
}

UserNamespaceSupport explain_limit(const HostRoot& root, const Caller& caller) {
  for (const char* kind : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    const std::string name = fmt::format("user.max_{}_namespaces", kind);
    const auto limit =
        read_proc_number(root.at(fmt::format("/proc/sys/user/max_{}_namespaces", kind)));
    if (limit == 0) {
      return blocked(fmt::format("{} is 0", name),
                     caller.as_root(fmt::format("sysctl -w {}=15000", name)));
    }
  }
  const auto limit = read_proc_number(root.at("/proc/sys/user/max_user_namespaces"));
  return blocked(
      fmt::format("a limit on namespaces is used up: user.max_user_namespaces is {} here, a "
                  "namespace above may allow fewer, and 32 levels of nesting are the most",
                  limit ? std::to_string(*limit) : "unreadable"),
      "lsns --type user, to see who holds them");
}

UserNamespaceSupport explain_missing(const HostRoot& root, const Caller& caller) {
  for (const char* kind : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    struct stat status{};
    const std::string path = root.at(fmt::format("/proc/self/ns/{}", kind));
    if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) {
      return blocked(fmt::format("the kernel is built without {} namespaces", kind),
                     "boot a kernel with CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS and "
                     "CONFIG_IPC_NS");
    }
  }
  if (caller.filtered) return blocked_by_filter(root);
  return blocked("the kernel does not know one of the namespaces asked for");
}

UserNamespaceSupport explain_create(int error, const HostRoot& root, const Caller& caller) {
  switch (error) {
    case EPERM:
    case EACCES:
      return explain_permission(error, root, caller);
    case ENOSPC:
    case EUSERS:
      return explain_limit(root, caller);
    case EINVAL:
    case ENOSYS:
      return explain_missing(root, caller);
    case EAGAIN:
      return blocked("no more processes: RLIMIT_NPROC or the pids limit of the cgroup is reached",
                     "ulimit -u, to see the limit that is in force");
    default:
      return blocked(fmt::format("clone with CLONE_NEWUSER fails: {}", error_text(error)));
  }
}

UserNamespaceSupport explain_map(int error, const HostRoot& root, const Caller& caller) {
  if (error == ENOENT) {
    return blocked("no /proc is mounted, through which a namespace gets its users",
                   caller.as_root("mount -t proc proc /proc"));
  }
  if (apparmor_restricts(root, caller)) return blocked_by_apparmor(caller);
  // Since Linux 5.12 mapping uid 0 takes CAP_SETFCAP of whoever made the namespace.
  if (caller.uid == 0 && !caller.has(kCapSetFcap)) {
    return blocked("root without CAP_SETFCAP may not map itself into a user namespace",
                   container_kind(root) == ContainerKind::Podman
                       ? "podman run --cap-add SETFCAP ..."
                       : "docker run --cap-add SETFCAP ..., or run as an ordinary user");
  }
  return blocked(fmt::format("a user namespace is made, but writing its uid_map fails: {}",
                             error_text(error)));
}

UserNamespaceSupport explain_mount(int error, const HostRoot& root, const Caller& caller) {
  if (apparmor_restricts(root, caller)) return blocked_by_apparmor(caller);
  const std::string what =
      fmt::format("a user namespace is made, but mounts in it are refused: {}", error_text(error));
  // EACCES is a security module's answer: docker-default of AppArmor denies every mount.
  switch (container_kind(root)) {
    case ContainerKind::Docker:
      return blocked(what + " (AppArmor or seccomp profile of the container)",
                     error == EACCES ? "docker run --security-opt apparmor=unconfined ..."
                                     : "docker run --security-opt seccomp=unconfined ...");
    case ContainerKind::Podman:
      return blocked(what + " (SELinux label or seccomp profile of the container)",
                     error == EACCES ? "podman run --security-opt label=disable ..."
                                     : "podman run --security-opt seccomp=unconfined ...");
    case ContainerKind::Kubernetes:
      return blocked(what + " (AppArmor or seccomp profile of the pod)",
                     "set securityContext.appArmorProfile.type: Unconfined in the pod");
    case ContainerKind::None:
    case ContainerKind::Other:
      break;
  }
  return blocked(what + " (a seccomp filter, a Landlock domain or a security module)",
                 "run Cordon outside of the enclosing sandbox");
}

// What is mounted over parts of /proc. binfmt_misc is mounted on a directory the kernel keeps empty
// for it, which hides nothing.
std::vector<std::string> masked_proc_paths(const std::vector<std::string>& mount_points) {
  std::vector<std::string> masked;
  for (const std::string& point : mount_points) {
    if (point.starts_with("/proc/") && point != "/proc/sys/fs/binfmt_misc") masked.push_back(point);
  }
  return masked;
}

}  // namespace

UserNamespaceSupport explain_user_namespaces(const NamespaceTrial& trial, const HostRoot& root) {
  switch (trial.reached) {
    case NamespaceStep::Create:
      return explain_create(trial.error, root, read_caller(root));
    case NamespaceStep::MapIds:
      return explain_map(trial.error, root, read_caller(root));
    case NamespaceStep::Mount:
      return explain_mount(trial.error, root, read_caller(root));
    case NamespaceStep::MountProc:
    case NamespaceStep::Done:
      break;
  }
  return {true, {}, {}};
}

UserNamespaceSupport explain_proc_mount(const NamespaceTrial& trial, const HostRoot& root) {
  if (trial.reached == NamespaceStep::Done) return {true, {}, {}};
  if (trial.reached != NamespaceStep::MountProc) {
    return blocked("not tried: no user namespace to mount it in");
  }
  const Caller caller = read_caller(root);
  const std::vector<std::string> points = mount_points(root);
  if (std::ranges::find(points, "/proc") == points.end()) {
    return blocked(
        "no procfs is mounted at /proc, and the kernel shows no more than the caller sees",
        caller.as_root("mount -t proc proc /proc"));
  }
  const std::vector<std::string> masked = masked_proc_paths(points);
  if (masked.empty()) {
    return blocked(fmt::format("mounting a new procfs fails: {}", error_text(trial.error)));
  }
  const std::string what = fmt::format(
      "{}{} masked in /proc, and the kernel refuses a new procfs that would show more",
      masked.front(),
      masked.size() == 1 ? std::string(" is") : fmt::format(" and {} more are", masked.size() - 1));
  switch (container_kind(root)) {
    case ContainerKind::Docker:
      return blocked(what, "docker run --security-opt systempaths=unconfined ...");
    case ContainerKind::Podman:
      return blocked(what, "podman run --security-opt unmask=ALL ...");
    case ContainerKind::Kubernetes:
      return blocked(what, "set securityContext.procMount: Unmasked in the pod");
    case ContainerKind::None:
    case ContainerKind::Other:
      break;
  }
  return blocked(what, caller.as_root(fmt::format("umount {}", masked.front())));
}

}  // namespace cordon::linux_os
