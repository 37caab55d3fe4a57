#include "docker/guarantees.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "docker/podman.h"
#include "docker/runtime.h"
#include "sandbox/guarantee_report.h"

namespace cordon::docker {

namespace {

class Report : private GuaranteeReport {
 public:
  explicit Report(const Enforcement& facts)
      : GuaranteeReport(enforcer(facts)),
        facts_(facts),
        policy_(*facts.policy),
        host_(facts.given->config.host) {}

  Guarantees make() {
    files();
    processes();
    limits();
    ipc();
    add(guarantee::kPrivileges, Strength::Enforced,
        fmt::format("no capabilities, no_new_privs, not root{}{}{}",
                    facts_.seen && !on_gvisor() ? " (seen in /proc)" : "",
                    facts_.label.empty() ? "" : ", confined by ", facts_.label),
        on_gvisor() ? std::string(kUsersOfGvisor) : "");
    add(guarantee::kDevices, Strength::Enforced, "private /dev, device control group");
    add(guarantee::kEnvironment, Strength::Enforced,
        facts_.added.empty() ? "the image's and the policy's only"
                             : fmt::format("the image's and the policy's, and the engine's {}",
                                           fmt::join(facts_.added, ", ")));
    return take();
  }

 private:
  // The runtime is the one that the engine says it gave the container.
  static std::string enforcer(const Enforcement& facts) {
    const std::string& runtime = facts.given->config.host.runtime;
    return fmt::format("docker: {} {}{}{}", facts.version.name, facts.version.version,
                       runtime.empty() ? "" : ", ", runtime);
  }

  bool on_gvisor() const { return host_.runtime == kRunsc; }

  void files() {
    constexpr std::string_view kMechanism = "the image's root, read-only; mounts of the policy";
    const Files& files = *facts_.files;
    filesystem_read(kMechanism, files.unheld, files.denies ? "what is denied reads as empty" : "");
    // The engine starts gVisor's file server, which changes the modes of the host's files as the
    // command asks, without a filter of Cordon's around it: chmod(2) is no call of the command's.
    const bool shows_writable = std::ranges::any_of(
        files.binds, [](const engine::BindMount& bind) { return !bind.read_only; });
    filesystem_write(kMechanism, files.unheld,
                     on_gvisor() && shows_writable
                         ? "set-user-ID and set-group-ID files can be left in what is shown "
                           "writable, of the user that the command is"
                         : "");
    if (policy_.network == NetworkMode::Open) {
      add(guarantee::kNetworkEgress, Strength::Absent, "", "the policy says --net open");
    } else {
      add(guarantee::kNetworkEgress, Strength::Enforced, "network namespace without a way out");
    }
  }

  void processes() {
    if (facts_.lifeline) {
      add(guarantee::kProcessTree, Strength::Enforced,
          "PID namespace whose first process ends with Cordon");
    } else {
      add(guarantee::kProcessTree, Strength::Partial, "PID namespace, control group",
          "when Cordon itself is killed the container goes on, until the next run removes it");
    }
    if (host_.cgroupns_mode == "host") {
      add(guarantee::kProcessIsolation, Strength::Partial, "PID namespace",
          "the engine gives no control group namespace with cgroup v1: the command sees the name "
          "of its own control group");
    } else {
      add(guarantee::kProcessIsolation, Strength::Enforced, "PID namespace");
    }
    syscalls();
  }

  void syscalls() {
    if (on_gvisor() && facts_.unseen) {
      add(guarantee::kSyscalls, Strength::Partial, "the engine's runtime by the name of runsc",
          "the container's process was not seen, so only the engine says that it was gVisor's");
      return;
    }
    add(guarantee::kSyscalls, Strength::Enforced,
        fmt::format("{}{}", on_gvisor() ? "gVisor's kernel answers them" : "seccomp, default deny",
                    facts_.seen ? " (seen in /proc)" : ""));
  }

  void limit(std::string_view name, bool asked, bool held, std::string_view mechanism) {
    GuaranteeReport::limit(name, asked, held, mechanism,
                           "the engine did not take it: its host cannot hold it");
  }

  void limits() {
    const Limits& limits = policy_.limits;
    const std::string group = facts_.info.cgroup_version.empty()
                                  ? "control group"
                                  : fmt::format("cgroup v{}", facts_.info.cgroup_version);
    const auto memory = static_cast<std::int64_t>(limits.memory_bytes.value_or(0));
    const bool held = facts_.info.memory_limit && host_.memory == memory;
    if (limits.memory_bytes && held && !(facts_.info.swap_limit && host_.memory_swap == memory)) {
      add(guarantee::kMemoryLimit, Strength::Partial, group, "swap is not counted");
    } else {
      limit(guarantee::kMemoryLimit, limits.memory_bytes.has_value(), held, group);
    }
    limit(guarantee::kCpuLimit, limits.cpus.has_value(),
          facts_.info.cpu_quota && host_.nano_cpus > 0, group);
    pids(group);
    disk_limit(limits, facts_.version.is_podman() ? "the number of files is not bounded" : "");
    limit(guarantee::kOutputLimit, limits.output_bytes.has_value(), true,
          "counted while it streams");
  }

  void pids(const std::string& group) {
    const std::int64_t asked = policy_.limits.pids.value_or(0);
    const std::int64_t more = host_.pids_limit - asked;
    const bool held =
        facts_.info.pids_limit && (more == 0 || (on_gvisor() && more == kGvisorTasks));
    if (asked > 0 && held && on_gvisor()) {
      add(guarantee::kPidsLimit, Strength::Partial, group,
          fmt::format(
              "the host's tasks are counted, {} more for gVisor itself: threads that wait are "
              "none, and the container that needs more ends",
              more));
    } else {
      limit(guarantee::kPidsLimit, asked > 0, held, group);
    }
  }

  void ipc() {
    add(guarantee::kIpcUnixAbstract, Strength::Enforced, "network namespace");
    add(guarantee::kIpcUnixPath, Strength::Enforced,
        "mount namespace: only sockets in visible directories");
    add(guarantee::kIpcSysv, Strength::Enforced, "IPC namespace");
  }

  const Enforcement& facts_;
  const Policy& policy_;
  const engine::HostConfig& host_;
};

}  // namespace

Guarantees make_guarantees(const Enforcement& enforcement) {
  if (enforcement.given) return Report(enforcement).make();
  return no_guarantees("no container was made");
}

}  // namespace cordon::docker
