#include "docker/guarantees.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cordon::docker {

namespace {

class Report {
 public:
  explicit Report(const Enforcement& facts)
      : facts_(facts),
        policy_(*facts.policy),
        host_(facts.given->config.host),
        engine_(fmt::format("docker: {} {}", facts.version.name, facts.version.version)) {}

  Guarantees make() {
    files();
    processes();
    limits();
    ipc();
    add(guarantee::kPrivileges, Strength::Enforced,
        facts_.seen ? "no capabilities, no_new_privs, not root (seen in /proc)"
                    : "no capabilities, no_new_privs, not root");
    add(guarantee::kDevices, Strength::Enforced, "private /dev, device control group");
    add(guarantee::kEnvironment, Strength::Enforced, "the image's and the policy's only");
    return std::move(list_);
  }

 private:
  void add(std::string_view name, Strength strength, std::string_view mechanism,
           std::string reason = {}) {
    std::string text =
        strength == Strength::Absent ? "" : fmt::format("{}: {}", engine_, mechanism);
    list_.push_back({std::string(name), strength, std::move(text), std::move(reason)});
  }

  static std::string first_few(const std::vector<std::string>& all) {
    constexpr std::size_t kShown = 3;
    const std::vector<std::string> shown(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, all.size())));
    return fmt::format("{}{}", fmt::join(shown, ", "), all.size() > kShown ? ", ..." : "");
  }

  void files() {
    constexpr std::string_view kMechanism = "the image's root, read-only; mounts of the policy";
    const Files& files = *facts_.files;
    if (files.unheld.empty()) {
      add(guarantee::kFilesystemRead, Strength::Enforced, kMechanism,
          files.denies ? "what is denied reads as empty" : "");
    } else {
      add(guarantee::kFilesystemRead, Strength::Partial, kMechanism,
          "no mount can stand for " + first_few(files.unheld));
    }
    std::vector<std::string> names = files.unheld;
    names.insert(names.end(), files.unheld_protected.begin(), files.unheld_protected.end());
    add(guarantee::kFilesystemWrite, names.empty() ? Strength::Enforced : Strength::Partial,
        kMechanism,
        names.empty() ? ""
                      : "protected names that are not there yet can be made in the work "
                        "directory: " +
                            first_few(names));
    if (policy_.network == NetworkMode::Open) {
      add(guarantee::kNetworkEgress, Strength::Absent, "", "the policy says --net open");
    } else {
      add(guarantee::kNetworkEgress, Strength::Enforced, "network namespace without a way out");
    }
  }

  void processes() {
    add(guarantee::kProcessTree, Strength::Partial, "PID namespace, control group",
        "when Cordon itself is killed the container goes on, until the next run removes it");
    add(guarantee::kProcessIsolation, Strength::Enforced, "PID namespace");
    add(guarantee::kSyscalls, Strength::Enforced,
        facts_.seen ? "seccomp, default deny (seen in /proc)" : "seccomp, default deny");
  }

  void limit(std::string_view name, bool asked, bool held, std::string_view mechanism) {
    if (!asked) {
      add(name, Strength::Absent, "", "the policy sets none");
    } else if (held) {
      add(name, Strength::Enforced, mechanism);
    } else {
      add(name, Strength::Absent, "", "the engine did not take it: its host cannot hold it");
    }
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
    limit(guarantee::kPidsLimit, limits.pids.has_value(),
          facts_.info.pids_limit && host_.pids_limit == limits.pids.value_or(0), group);
    add(guarantee::kDiskLimit, Strength::Partial,
        limits.disk_bytes ? "tmpfs sizes, RLIMIT_FSIZE" : "tmpfs sizes",
        limits.disk_bytes ? "in the work directory each file is bounded, not their sum"
                          : "the policy sets none; the work directory is not counted");
    limit(guarantee::kOutputLimit, limits.output_bytes.has_value(), true,
          "counted while it streams");
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
  std::string engine_;
  Guarantees list_;
};

}  // namespace

Guarantees make_guarantees(const Enforcement& enforcement) {
  if (enforcement.given) return Report(enforcement).make();
  Guarantees none;
  for (const std::string_view name : guarantee::kAll) {
    none.push_back({std::string(name), Strength::Absent, "", "no container was made"});
  }
  return none;
}

}  // namespace cordon::docker
