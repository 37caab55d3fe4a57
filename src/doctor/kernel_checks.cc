#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "doctor/checks.h"
#include "linux/kernel.h"
#include "linux/kernel_version.h"

namespace cordon::doctor {

namespace {

using linux_os::ContainerKind;
using linux_os::KernelVersion;
using linux_os::parse_kernel_version;

// The native backend binds mounts with mount_setattr(2).
constexpr KernelVersion kOldestForNative{5, 12};
constexpr KernelVersion kOldestWithLandlock{5, 13};

std::string error_text(int error) { return std::generic_category().message(error); }

// What an ABI lacks, as (first ABI that has it, words, first kernel).
struct LandlockStep {
  int abi;
  std::string_view adds;
  std::string_view kernel;
};
constexpr LandlockStep kLandlockSteps[] = {
    {2, "moving files between directories", "5.19"},
    {3, "truncating", "6.2"},
    {4, "TCP", "6.7"},
    {5, "ioctl on devices", "6.10"},
    {6, "signals and abstract sockets", "6.12"},
};

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const auto is_edge = [&](std::size_t index) {
      return index >= text.size() || text[index] == ' ' || text[index] == '\n';
    };
    if ((at == 0 || is_edge(at - 1)) && is_edge(at + word.size())) return true;
  }
  return false;
}

Check kvm_without_device(const Host& host) {
  if (host.container == ContainerKind::Docker) {
    return {State::Missing, "no /dev/kvm in this container", "docker run --device /dev/kvm ..."};
  }
  if (host.container == ContainerKind::Podman) {
    return {State::Missing, "no /dev/kvm in this container", "podman run --device /dev/kvm ..."};
  }
  const std::string cpu = linux_os::read_proc_file(host.root.at("/proc/cpuinfo")).value_or("");
  if (has_word(cpu, "vmx")) {
    return {State::Missing, "no /dev/kvm, though the CPU could",
            host.caller.as_root("modprobe kvm_intel")};
  }
  if (has_word(cpu, "svm")) {
    return {State::Missing, "no /dev/kvm, though the CPU could",
            host.caller.as_root("modprobe kvm_amd")};
  }
  return {State::Missing,
          "no /dev/kvm: the CPU shows no virtualisation (off in the firmware, or a virtual machine "
          "without nesting)",
          {}};
}

Check kvm_without_permission(const Host& host) {
  struct stat device{};
  const bool group_may =
      ::stat(host.root.at("/dev/kvm").c_str(), &device) == 0 && (device.st_mode & S_IRWXG) == 060;
  return {State::Limited, "/dev/kvm is there, but this user may not open it",
          group_may ? "sudo usermod -aG kvm $USER, then log in again"
                    : "sudo setfacl -m u:$USER:rw /dev/kvm"};
}

}  // namespace

Check check_kernel(const Host& host) {
  const auto version = parse_kernel_version(host.kernel_release);
  if (!version) return {State::Limited, fmt::format("unknown: \"{}\"", host.kernel_release), {}};
  const std::string name = fmt::format("Linux {}", host.kernel_release);
  // WSL 1 translates system calls and has no namespaces: "4.4.0-19041-Microsoft". WSL 2 is a
  // kernel.
  if (host.kernel_release.ends_with("-Microsoft")) {
    return {State::Missing, name + ": WSL 1 is not a Linux kernel",
            "wsl.exe --set-version $WSL_DISTRO_NAME 2"};
  }
  if (*version < kOldestForNative) {
    return {State::Missing,
            fmt::format("{}: the native backend needs {}.{} or newer", name, kOldestForNative.major,
                        kOldestForNative.minor),
            "boot a newer kernel"};
  }
  if (*version < kOldestWithLandlock) {
    return {State::Limited, name + ": no Landlock before 5.13", "boot a newer kernel"};
  }
  return {State::Ok, name, {}};
}

Check check_landlock(const Host& host, const LandlockAttempt& attempt) {
  if (attempt.error == EOPNOTSUPP) {
    return {State::Missing, "built into the kernel, but not enabled when it booted",
            "add lsm=landlock, in front of the modules already there, to the kernel command line"};
  }
  if (attempt.error != 0 || attempt.abi < 1) {
    const auto version = parse_kernel_version(host.kernel_release);
    const bool new_enough = version && *version >= kOldestWithLandlock;
    if (new_enough && host.caller.filtered) {
      return {State::Missing,
              fmt::format("refused, probably by the seccomp filter on the caller: {}",
                          error_text(attempt.error)),
              "run Cordon outside of what set the filter"};
    }
    return {State::Missing,
            new_enough ? "the kernel is built without it" : "no Landlock before Linux 5.13",
            "boot a kernel with CONFIG_SECURITY_LANDLOCK"};
  }
  std::vector<std::string_view> uncovered;
  std::string_view kernel;
  for (const LandlockStep& step : kLandlockSteps) {
    if (attempt.abi >= step.abi) continue;
    uncovered.push_back(step.adds);
    kernel = step.kernel;
  }
  const std::string abi = fmt::format("ABI {}", attempt.abi);
  if (uncovered.empty()) return {State::Ok, abi, {}};
  return {State::Limited, fmt::format("{}: does not cover {}", abi, fmt::join(uncovered, ", ")),
          fmt::format("boot Linux {} or newer", kernel)};
}

Check check_seccomp(const Host& host, int seccomp_error) {
  if (seccomp_error != EFAULT) {
    return {State::Missing, fmt::format("filters are not available: {}", error_text(seccomp_error)),
            "boot a kernel with CONFIG_SECCOMP_FILTER"};
  }
  const std::string actions =
      linux_os::read_proc_line(host.root.at("/proc/sys/kernel/seccomp/actions_avail")).value_or("");
  if (!has_word(actions, "kill_process")) {
    return {State::Limited, "filters, but no kill_process action (Linux 4.14)",
            "boot a newer kernel"};
  }
  std::string found =
      fmt::format("filters{}", has_word(actions, "user_notif") ? ", with user notification"
                                                               : ", without user notification");
  if (host.caller.filtered) found += "; the caller is already under a filter, which stays in force";
  return {State::Ok, found, {}};
}

Check check_no_new_privileges(int no_new_privs) {
  if (no_new_privs < 0) return {State::Missing, "not available", "boot Linux 3.5 or newer"};
  if (no_new_privs == 1) return {State::Ok, "already set: sudo does nothing in this session", {}};
  return {State::Ok, "available", {}};
}

Check check_executable_memfd(const Host& host) {
  const auto level = linux_os::read_proc_number(host.root.at("/proc/sys/vm/memfd_noexec"));
  if (level.value_or(0) < 2) return {State::Ok, "available", {}};
  return {State::Missing,
          "vm.memfd_noexec is 2: the sandbox's first process cannot be run from sealed memory",
          host.caller.as_root("sysctl -w vm.memfd_noexec=1")};
}

Check check_cgroups(const cgroup::Support& support) {
  std::vector<std::string_view> usable;
  if (support.memory) usable.push_back(support.swap ? "memory with swap" : "memory without swap");
  if (support.cpu) usable.push_back("cpu");
  if (support.pids) usable.push_back("pids");
  if (support.io) usable.push_back("io");
  const bool all = support.memory && support.cpu && support.pids;
  std::string found = fmt::format(
      "{}: {}", support.mechanism.empty() ? "none" : support.mechanism,
      usable.empty() ? "no controller can be used" : fmt::format("{}", fmt::join(usable, ", ")));
  // The reason says what would unlock the rest.
  if (!support.reason.empty()) found += "; " + support.reason;
  return {all ? State::Ok : usable.empty() ? State::Missing : State::Limited, found, {}};
}

Check check_kvm(const Host& host, const KvmAttempt& attempt) {
  switch (attempt.reached) {
    case KvmStep::Open:
      if (attempt.error == ENOENT) return kvm_without_device(host);
      if (attempt.error == EACCES) {
        return kvm_without_permission(host);
      }
      return {State::Missing, fmt::format("opening /dev/kvm: {}", error_text(attempt.error)), {}};
    case KvmStep::Version:
      return {
          State::Missing, fmt::format("/dev/kvm is not KVM: {}", error_text(attempt.error)), {}};
    case KvmStep::CreateMachine:
      return {State::Limited,
              fmt::format("/dev/kvm opens, but refuses to create a machine: {}{}",
                          error_text(attempt.error),
                          attempt.error == EBUSY ? " (another hypervisor holds the CPU)" : ""),
              {}};
    case KvmStep::Done:
      break;
  }
  if (attempt.api_version != 12) {
    return {State::Limited, fmt::format("API version {}, not 12", attempt.api_version), {}};
  }
  return {State::Ok, "creates machines (API 12)", {}};
}

}  // namespace cordon::doctor
