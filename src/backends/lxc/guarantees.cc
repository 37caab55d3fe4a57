#include "lxc/guarantees.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "linux/proc_file.h"
#include "sandbox/guarantee_report.h"

namespace cordon::lxc {

namespace {

class Report : private GuaranteeReport {
 public:
  explicit Report(const Enforcement& facts)
      : GuaranteeReport(fmt::format("lxc: {} {}", facts.store.name, facts.store.version)),
        facts_(facts),
        policy_(*facts.policy) {}

  Guarantees make() {
    files();
    processes();
    limits();
    ipc();
    privileges();
    add(guarantee::kDevices, Strength::Enforced, "the instance's /dev, device control group");
    add(guarantee::kEnvironment, Strength::Enforced, "the policy's only");
    return take();
  }

 private:
  void files() {
    constexpr std::string_view kMechanism = "the instance's root, read-only; mounts of the policy";
    const Files& files = *facts_.files;
    filesystem_read(kMechanism, files.unheld);
    filesystem_write(kMechanism, files.unheld);
    if (policy_.network == NetworkMode::Open) {
      add(guarantee::kNetworkEgress, Strength::Absent, "", "the policy says --net open");
    } else {
      add(guarantee::kNetworkEgress, Strength::Enforced,
          facts_.evidence && !facts_.shared ? "network namespace with lo alone (seen in /proc)"
                                            : "network namespace with lo alone");
    }
  }

  void processes() {
    add(guarantee::kProcessTree, Strength::Enforced, "PID namespace that ends with the command");
    if (facts_.shared) {
      add(guarantee::kProcessIsolation, Strength::Partial, "PID namespace, a user of its own",
          "other processes of the instance are seen in /proc unless it has security.nesting");
    } else {
      add(guarantee::kProcessIsolation, Strength::Enforced, "PID namespace");
    }
    add(guarantee::kSyscalls, Strength::Enforced, "seccomp, default deny");
  }

  void limit(std::string_view name, bool asked, bool held, std::string_view mechanism) {
    GuaranteeReport::limit(name, asked, held, mechanism,
                           facts_.shared ? "the instance's own limits hold, for all who use it"
                                         : "no control group with it is seen");
  }

  // What the groups say, not what was asked of the store.
  void limits() {
    const Limits& limits = policy_.limits;
    const linux_os::ControlGroups& groups = facts_.groups;
    const std::string group = groups.v2 ? "cgroup v2" : "cgroup v1";
    const auto at_most = [](const auto& found, auto asked) { return found && *found <= asked; };
    const bool own = !facts_.shared;
    const std::uint64_t memory = limits.memory_bytes.value_or(0);
    const bool held = own && at_most(memory_limit(groups), memory);
    if (limits.memory_bytes && held && !at_most(memory_and_swap_limit(groups), memory)) {
      add(guarantee::kMemoryLimit, Strength::Partial, group, "swap is not counted");
    } else {
      limit(guarantee::kMemoryLimit, limits.memory_bytes.has_value(), held, group);
    }
    // A quota is given in whole thousandths.
    constexpr double kGrain = 0.011;
    limit(guarantee::kCpuLimit, limits.cpus.has_value(),
          own && at_most(cpus_limit(groups), limits.cpus.value_or(0) + kGrain), group);
    limit(guarantee::kPidsLimit, limits.pids.has_value(),
          own && at_most(pids_limit(groups), std::uint64_t{limits.pids.value_or(0)} + 1), group);
    disk_limit(limits);
    limit(guarantee::kOutputLimit, limits.output_bytes.has_value(), true,
          "counted while it streams");
  }

  void ipc() {
    const bool open = facts_.shared && policy_.network == NetworkMode::Open;
    if (open) {
      add(guarantee::kIpcUnixAbstract, Strength::Absent, "",
          "with --net open the instance's network namespace is shared");
    } else {
      add(guarantee::kIpcUnixAbstract, Strength::Enforced, "network namespace");
    }
    add(guarantee::kIpcUnixPath, facts_.shared ? Strength::Partial : Strength::Enforced,
        "mount namespace: only sockets in visible directories",
        facts_.shared ? "those of the instance's own services are visible" : "");
    add(guarantee::kIpcSysv, Strength::Enforced, "IPC namespace");
  }

  void privileges() {
    std::string how = "no capabilities, no_new_privs, not root";
    if (facts_.privileged) {
      add(guarantee::kPrivileges, Strength::Partial, how,
          "the instance is privileged: its root is this host's");
      return;
    }
    how += facts_.evidence ? ", user namespace (seen in /proc)" : ", user namespace";
    add(guarantee::kPrivileges, Strength::Enforced, how);
  }

  const Enforcement& facts_;
  const Policy& policy_;
};

}  // namespace

std::vector<std::string> interfaces_in(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // the heading
    line = line.substr(0, colon);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    found.emplace_back(line);
  }
  std::ranges::sort(found);
  return found;
}

bool maps_no_root(std::string_view text) {
  bool found = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // inside, outside, how many
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) continue;
    const auto gap = line.find(' ', begin);
    const auto outside = gap == std::string_view::npos ? gap : line.find_first_not_of(' ', gap);
    if (outside == std::string_view::npos) return false;
    const auto number = line.substr(outside, line.find(' ', outside) - outside);
    if (number == "0") return false;
    found = true;
  }
  return found;
}

std::optional<Evidence> look_at_process(pid_t first_process) {
  if (first_process <= 0) return std::nullopt;
  const std::string place = fmt::format("/proc/{}", first_process);
  const auto users = linux_os::read_proc_file(place + "/uid_map");
  const auto interfaces = linux_os::read_proc_file(place + "/net/dev");
  struct stat theirs{};
  struct stat ours{};
  if (!users || !interfaces || ::stat((place + "/ns/net").c_str(), &theirs) != 0 ||
      ::stat("/proc/self/ns/net", &ours) != 0) {
    return std::nullopt;
  }
  return Evidence{.user_namespace = maps_no_root(*users),
                  .interfaces = interfaces_in(*interfaces),
                  .other_network = theirs.st_ino != ours.st_ino};
}

Guarantees make_guarantees(const Enforcement& enforcement) {
  if (enforcement.instance_there) return Report(enforcement).make();
  return no_guarantees("no instance was made");
}

}  // namespace cordon::lxc
