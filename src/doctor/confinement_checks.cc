#include <fmt/format.h>

#include <cerrno>

#include "doctor/checks.h"
#include "linux/root_directory.h"

namespace cordon::doctor {

namespace {

using linux_os::NamespaceStep;
using linux_os::NamespaceTrial;
using linux_os::UserNamespaceSupport;

Check from_support(const UserNamespaceSupport& support, std::string when_usable) {
  if (support.usable) return {State::Ok, std::move(when_usable), {}};
  return {State::Missing, support.blocked_by, support.remedy};
}

// Only then is it a security module's doing and worth a warning in that module's row.
bool refused_by_permission(const NamespaceTrial& trial) {
  return trial.reached < NamespaceStep::MountProc &&
         (trial.error == EPERM || trial.error == EACCES);
}

std::string label_of_caller(const Host& host, std::string_view module_attribute) {
  auto label = linux_os::read_proc_line(host.root.at(module_attribute));
  if (!label) label = linux_os::read_proc_line(host.root.at("/proc/self/attr/current"));
  // SELinux ends it with a NUL.
  if (label) label->resize(std::min(label->find('\0'), label->size()));
  return label && !label->empty() ? *label : "unknown";
}

}  // namespace

Check check_user_namespaces(const Host& host, const NamespaceTrial& trial) {
  return from_support(linux_os::explain_user_namespaces(trial, host.root),
                      "made one, mapped the caller, mounted inside");
}

Check check_proc_mount(const Host& host, const NamespaceTrial& trial) {
  return from_support(linux_os::explain_proc_mount(trial, host.root),
                      "mounted one in a new PID namespace");
}

Check check_root_directory(const Host& host, const NamespaceTrial& trial) {
  // The kernel makes user namespaces outside of chroots only: one that was made is the proof.
  if (trial.reached > NamespaceStep::Create) return {State::Ok, "not in a chroot", {}};
  switch (linux_os::root_directory(host.root)) {
    case linux_os::RootDirectory::Namespace:
      return {State::Ok, "not in a chroot", {}};
    case linux_os::RootDirectory::Chroot:
      return {State::Limited, "the caller is in a chroot: no user namespaces, no pivot_root",
              "systemd-nspawn --directory DIR, instead of chroot DIR"};
    case linux_os::RootDirectory::Unknown:
      break;
  }
  return {State::Ok, "no sign of a chroot", {}};
}

Check check_apparmor(const Host& host, const NamespaceTrial& trial) {
  const auto enabled =
      linux_os::read_proc_line(host.root.at("/sys/module/apparmor/parameters/enabled"));
  if (enabled != "Y") return {State::Ok, "not in use", {}};
  const std::string profile =
      fmt::format("in use; the caller's profile: {}",
                  label_of_caller(host, "/proc/self/attr/apparmor/current"));
  const bool restricts = linux_os::read_proc_number(host.root.at(
                             "/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) == 1;
  if (!restricts) return {State::Ok, profile, {}};
  if (!refused_by_permission(trial) || host.caller.has(linux_os::kCapSysAdmin)) {
    return {State::Ok, profile + "; restricts user namespaces, but not this caller's", {}};
  }
  return {State::Limited, profile + "; restricts user namespaces of ordinary users",
          host.caller.as_root("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")};
}

Check check_selinux(const Host& host, const NamespaceTrial& trial) {
  const auto enforcing = linux_os::read_proc_number(host.root.at("/sys/fs/selinux/enforce"));
  if (!enforcing) return {State::Ok, "not in use", {}};
  if (*enforcing != 1) return {State::Ok, "permissive", {}};
  const std::string context = fmt::format("enforcing; the caller's context: {}",
                                          label_of_caller(host, "/proc/self/attr/selinux/current"));
  // SELinux answers EACCES, never EPERM.
  if (refused_by_permission(trial) && trial.error == EACCES) {
    return {State::Limited, context + "; user namespaces are refused",
            host.caller.as_root("ausearch -m avc -ts recent, to see what was refused")};
  }
  return {State::Ok, context, {}};
}

}  // namespace cordon::doctor
