#include "native/guarantees.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cordon::native {

namespace {

class Report {
 public:
  explicit Report(const Enforcement& enforcement)
      : facts_(enforcement),
        full_(enforcement.walls == Walls::Full),
        landlock_(enforcement.landlock_abi > 0
                      ? fmt::format("Landlock ABI {}", enforcement.landlock_abi)
                      : "") {}

  Guarantees make() {
    files();
    network();
    processes();
    limits();
    ipc();
    add(guarantee::kPrivileges, Strength::Enforced,
        full_ ? "user namespace, no capabilities, no_new_privs" : "no_new_privs");
    devices();
    add(guarantee::kEnvironment, Strength::Enforced, "built from nothing");
    return std::move(list_);
  }

 private:
  void add(std::string_view name, Strength strength, std::string mechanism,
           std::string reason = {}) {
    list_.push_back({std::string(name), strength, std::move(mechanism), std::move(reason)});
  }

  std::string with_landlock(const std::string& mechanism) const {
    return landlock_.empty() ? mechanism : mechanism + ", " + landlock_;
  }

  void files() {
    if (full_) {
      std::string mechanism = with_landlock("mount namespace, own root");
      if (facts_.guarded) mechanism += ", guard of names";
      add(guarantee::kFilesystemRead, Strength::Enforced, mechanism);
      add(guarantee::kFilesystemWrite, Strength::Enforced, mechanism,
          facts_.no_guard.empty()
              ? ""
              : "protected names that are not there yet, such as .envrc, can be made in the work "
                "directory: no guard, " +
                    facts_.no_guard);
      return;
    }
    if (landlock_.empty()) {
      add(guarantee::kFilesystemRead, Strength::Absent, "", facts_.missing_walls);
      add(guarantee::kFilesystemWrite, Strength::Absent, "", facts_.missing_walls);
      return;
    }
    std::string reason;
    if (!facts_.beyond_landlock.empty()) {
      reason = fmt::format("; Landlock cannot take back inside a granted directory: {}",
                           fmt::join(first_few(), ", "));
    }
    add(guarantee::kFilesystemRead, Strength::Partial, landlock_,
        "names, modes and attributes of other files can be looked up" + reason);
    // ABI 3 brought truncation; before it a file that could be written to could be emptied by name.
    if (facts_.landlock_abi < 3) reason += "; this kernel's Landlock does not cover truncate";
    add(guarantee::kFilesystemWrite, Strength::Partial, landlock_,
        "modes, times and attributes of the user's other files can be changed" + reason);
  }

  std::vector<std::string> first_few() const {
    constexpr std::size_t kShown = 5;
    std::vector<std::string> shown(
        facts_.beyond_landlock.begin(),
        facts_.beyond_landlock.begin() +
            static_cast<std::ptrdiff_t>(std::min(kShown, facts_.beyond_landlock.size())));
    if (facts_.beyond_landlock.size() > kShown) shown.emplace_back("...");
    return shown;
  }

  void network() {
    if (facts_.policy->network == NetworkMode::Open) {
      add(guarantee::kNetworkEgress, Strength::Absent, "", "the policy says --net open");
    } else if (full_) {
      add(guarantee::kNetworkEgress, Strength::Enforced, "network namespace without a way out");
    } else {
      add(guarantee::kNetworkEgress, Strength::Enforced,
          facts_.landlock_abi >= 4 ? "seccomp: no socket family but AF_UNIX; " + landlock_
                                   : "seccomp: no socket family but AF_UNIX");
    }
  }

  void processes() {
    if (full_) {
      add(guarantee::kProcessTree, Strength::Enforced,
          facts_.cgroup ? "PID namespace, " + facts_.cgroup->mechanism : "PID namespace");
      add(guarantee::kProcessIsolation, Strength::Enforced, "PID namespace");
    } else {
      add(guarantee::kProcessTree, Strength::Partial, "child subreaper",
          "without a PID namespace the tree is killed process by process");
      const bool scoped = facts_.landlock_abi >= 6;
      add(guarantee::kProcessIsolation, Strength::Partial,
          scoped ? landlock_ + " signal scope, seccomp: no ptrace" : "seccomp: no ptrace",
          std::string("other processes can be seen in /proc, and those of the same user ") +
              (scoped ? "rescheduled" : "rescheduled and signalled"));
    }
    add(guarantee::kSyscalls, Strength::Enforced,
        facts_.policy->nested_namespaces == NestedNamespaces::Allowed
            ? "seccomp, default deny, nested namespaces allowed"
            : "seccomp, default deny");
  }

  void limits() {
    const Limits& limits = facts_.policy->limits;
    const cgroup::Support none;
    const cgroup::Support& held = facts_.cgroup ? *facts_.cgroup : none;
    const std::string& why = facts_.cgroup ? held.reason : facts_.missing_cgroup;

    if (!limits.memory_bytes) {
      add(guarantee::kMemoryLimit, Strength::Absent, "", "the policy sets none");
    } else if (held.memory && held.swap) {
      add(guarantee::kMemoryLimit, Strength::Enforced, held.mechanism);
    } else if (held.memory) {
      add(guarantee::kMemoryLimit, Strength::Partial, held.mechanism, "swap is not counted");
    } else {
      add(guarantee::kMemoryLimit, facts_.memory_watched ? Strength::Partial : Strength::Absent,
          facts_.memory_watched ? "watched every 50 ms" : "",
          facts_.memory_watched
              ? why + "; memory that no process maps (memfd, System V) is not seen"
              : why);
    }

    if (!limits.cpus) {
      add(guarantee::kCpuLimit, Strength::Absent, "", "the policy sets none");
    } else if (held.cpu) {
      add(guarantee::kCpuLimit, Strength::Enforced, held.mechanism);
    } else if (facts_.cpus_by_affinity) {
      add(guarantee::kCpuLimit, Strength::Partial, "processor affinity",
          "whole processors only, and a program may choose others; " + why);
    } else {
      add(guarantee::kCpuLimit, Strength::Absent, "", why);
    }

    if (!limits.pids) {
      add(guarantee::kPidsLimit, Strength::Absent, "", "the policy sets none");
    } else if (held.pids) {
      add(guarantee::kPidsLimit, Strength::Enforced, held.mechanism);
    } else if (facts_.pids_by_rlimit && full_ && !facts_.caller_is_root) {
      // Counted per user namespace since 5.14 (ucounts), so other processes of the user do not
      // weigh in.
      add(guarantee::kPidsLimit, Strength::Enforced, "RLIMIT_NPROC in the user namespace");
    } else if (facts_.pids_by_rlimit && !facts_.caller_is_root) {
      add(guarantee::kPidsLimit, Strength::Partial, "RLIMIT_NPROC",
          "counted together with the user's other processes");
    } else {
      add(guarantee::kPidsLimit, Strength::Absent, "", why);
    }

    if (!limits.disk_bytes) {
      add(guarantee::kDiskLimit, Strength::Partial, "tmpfs size",
          "the policy sets none; 2 GiB of "
          "private directories, the work directory is not counted");
    } else {
      add(guarantee::kDiskLimit, Strength::Partial,
          full_ ? "tmpfs size, RLIMIT_FSIZE" : "RLIMIT_FSIZE",
          full_ ? "in the work directory each file is bounded, not their sum"
                : "each file is bounded, not their sum");
    }
    if (limits.output_bytes) {
      add(guarantee::kOutputLimit, Strength::Enforced, "counted while it streams");
    } else {
      add(guarantee::kOutputLimit, Strength::Absent, "", "the policy sets none");
    }
  }

  void ipc() {
    const bool scoped = facts_.landlock_abi >= 6;
    const bool own_network = full_ && facts_.policy->network == NetworkMode::None;
    if (own_network || scoped) {
      std::string mechanism = own_network ? "network namespace" : "";
      if (scoped) mechanism += (mechanism.empty() ? "" : ", ") + landlock_ + " scope";
      add(guarantee::kIpcUnixAbstract, Strength::Enforced, mechanism);
    } else {
      add(guarantee::kIpcUnixAbstract, Strength::Absent, "",
          "no network namespace, and this kernel's Landlock has no scopes (ABI 6)");
    }
    if (full_) {
      add(guarantee::kIpcUnixPath, Strength::Enforced,
          "mount namespace: only sockets in visible directories");
      add(guarantee::kIpcSysv, Strength::Enforced, "IPC namespace");
    } else {
      add(guarantee::kIpcUnixPath, Strength::Absent, "",
          "without a mount namespace every socket the user may reach can be connected to");
      add(guarantee::kIpcSysv, Strength::Absent, "", facts_.missing_walls);
    }
  }

  void devices() {
    if (full_) {
      add(guarantee::kDevices, Strength::Enforced, "private /dev, nodev mounts");
    } else if (!landlock_.empty()) {
      add(guarantee::kDevices, Strength::Enforced, landlock_);
    } else {
      add(guarantee::kDevices, Strength::Absent, "", facts_.missing_walls);
    }
  }

  const Enforcement& facts_;
  bool full_;
  std::string landlock_;
  Guarantees list_;
};

}  // namespace

Guarantees make_guarantees(const Enforcement& enforcement) { return Report(enforcement).make(); }

}  // namespace cordon::native
