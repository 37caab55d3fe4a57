#include "gvisor/guarantees.h"

#include <fmt/format.h>

#include "sandbox/guarantee_report.h"

namespace cordon::gvisor {

namespace {

class Report : private GuaranteeReport {
 public:
  explicit Report(const Enforcement& facts)
      : GuaranteeReport(fmt::format("gVisor ({})", to_string(facts.platform.platform))),
        facts_(facts),
        policy_(*facts.policy) {}

  Guarantees make() {
    files();
    network();
    processes();
    limits();
    add(guarantee::kIpcUnixAbstract, Strength::Enforced, "sockets are those of gVisor's kernel");
    add(guarantee::kIpcUnixPath, Strength::Enforced, "no socket of the host can be opened");
    add(guarantee::kIpcSysv, Strength::Enforced, "IPC is that of gVisor's kernel");
    add(guarantee::kPrivileges, Strength::Enforced,
        facts_.kernel_is_nobody
            ? "user 0 of gVisor's kernel without capabilities; outside, user namespace, "
              "no_new_privs, gVisor's kernel runs as nobody"
            : "user 0 of gVisor's kernel without capabilities; outside, user namespace, "
              "no_new_privs",
        std::string(kUsersOfGvisor));
    add(guarantee::kDevices, Strength::Enforced, "devices are those of gVisor's kernel");
    add(guarantee::kEnvironment, Strength::Enforced, "built from nothing");
    return take();
  }

 private:
  void files() {
    constexpr std::string_view kMechanism = "file server in a mount namespace with an own root";
    const Files& files = *facts_.files;
    filesystem_read(kMechanism, files.unheld);
    filesystem_write(kMechanism, files.unheld);
  }

  void network() {
    if (policy_.network == NetworkMode::Open) {
      add(guarantee::kNetworkEgress, Strength::Absent, "", "the policy says --net open");
    } else {
      add(guarantee::kNetworkEgress, Strength::Enforced,
          "its own loopback, in a network namespace without a way out");
    }
  }

  void processes() {
    add(guarantee::kProcessTree, Strength::Enforced,
        facts_.cgroup ? "PID namespace, " + facts_.cgroup->mechanism : "PID namespace");
    add(guarantee::kProcessIsolation, Strength::Enforced,
        "processes are those of gVisor's kernel; PID namespace");
    add(guarantee::kSyscalls, Strength::Enforced,
        "none reaches the host's kernel; gVisor's own are filtered (seccomp)",
        facts_.platform.remark);
  }

  void limits() {
    const Limits& limits = policy_.limits;
    const cgroup::Support none;
    const cgroup::Support& held = facts_.cgroup ? *facts_.cgroup : none;
    const std::string& why = facts_.cgroup ? held.reason : facts_.missing_cgroup;
    if (limits.memory_bytes && held.memory && !held.swap) {
      add(guarantee::kMemoryLimit, Strength::Partial, held.mechanism, "swap is not counted");
    } else {
      limit(guarantee::kMemoryLimit, limits.memory_bytes.has_value(), held.memory, held.mechanism,
            why, "gVisor's own kernel counts, too");
    }
    limit(guarantee::kCpuLimit, limits.cpus.has_value(), held.cpu, held.mechanism, why);
    if (limits.pids && facts_.counts_tasks) {
      add(guarantee::kPidsLimit, Strength::Enforced, "pids control group of gVisor's kernel");
    } else if (limits.pids && held.pids) {
      add(guarantee::kPidsLimit, Strength::Absent, "",
          fmt::format(
              "this runsc counts no tasks: threads that wait cost the host nothing, and only "
              "what takes {} of its tasks more than the limit ends",
              kOwnTasks));
    } else {
      limit(guarantee::kPidsLimit, limits.pids.has_value(), false, "", why);
    }
    disk_limit(limits);
    limit(guarantee::kOutputLimit, limits.output_bytes.has_value(), true,
          "counted while it streams", "");
  }

  const Enforcement& facts_;
  const Policy& policy_;
};

}  // namespace

Guarantees make_guarantees(const Enforcement& enforcement) { return Report(enforcement).make(); }

}  // namespace cordon::gvisor
