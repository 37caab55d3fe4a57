#include "docker/preset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>

#include "cordon/seccomp.h"
#include "core/try.h"
#include "docker/inside/protocol.h"
#include "policy/default_policy.h"

namespace cordon::docker {

namespace {

// Those of the engines; a list of our own replaces theirs.
constexpr std::array<std::string_view, 11> kMasked = {"/proc/asound",
                                                      "/proc/acpi",
                                                      "/proc/kcore",
                                                      "/proc/keys",
                                                      "/proc/latency_stats",
                                                      "/proc/timer_list",
                                                      "/proc/timer_stats",
                                                      "/proc/sched_debug",
                                                      "/proc/scsi",
                                                      "/sys/firmware",
                                                      "/sys/devices/virtual/powercap"};
constexpr std::array<std::string_view, 4> kReadOnly = {"/proc/bus", "/proc/fs", "/proc/irq",
                                                       "/proc/sys"};
constexpr std::string_view kNoNewPrivileges = "no-new-privileges";
constexpr std::string_view kSeccomp = "seccomp=";
// Of the engine's init and of ours, until it has loaded Cordon's: few rules are soon compiled.
constexpr std::string_view kUntilTheFirstProcess =
    R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO","names":)"
    R"(["bpf","delete_module","finit_module","init_module","kexec_file_load","kexec_load",)"
    R"("open_by_handle_at","ptrace","setns","unshare","userfaultfd"]}]})";
// The guest is the first to go when the host is out of memory.
constexpr int kOomScore = 500;
// Where the policy bounds nothing: processes are the host's, too.
constexpr std::int64_t kMostProcesses = 4096;

void add_once(std::vector<std::string>& list, std::string_view text) {
  if (std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

bool contains_all(const std::vector<std::string>& list, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const auto& one) { return std::ranges::find(list, one) != list.end(); });
}

bool has_no_new_privileges(const std::vector<std::string>& options) {
  return std::ranges::any_of(options, [](const std::string& option) {
    return option == kNoNewPrivileges || option == "no-new-privileges=true" ||
           option == "no-new-privileges:true";
  });
}

bool has_seccomp(const std::vector<std::string>& options) {
  return std::ranges::any_of(options, is_seccomp_option) &&
         std::ranges::find(options, "seccomp=unconfined") == options.end();
}

// Podman lists what "ALL" stands for; the kernel is asked besides. Some write "CAP_" before names.
bool drops_all(const std::vector<std::string>& dropped) {
  constexpr std::array<std::string_view, 4> kAllOrLeastOfAll = {"ALL", "CAP_ALL", "SETUID",
                                                                "CAP_SETUID"};
  return std::ranges::any_of(dropped, [&](const std::string& name) {
    return std::ranges::find(kAllOrLeastOfAll, name) != kAllOrLeastOfAll.end();
  });
}

}  // namespace

bool is_seccomp_option(const std::string& option) { return option.starts_with(kSeccomp); }

bool is_read_only_everywhere(std::string_view path) {
  return std::ranges::find(kReadOnly, path) != kReadOnly.end();
}

Result<engine::HostConfig> hardened(FilteredBy filtered_by) {
  engine::HostConfig host;
  host.read_only_root = true;
  host.init = true;
  host.cap_drop = {"ALL"};
  const std::string filter = filtered_by == FilteredBy::Engine ? TRY(to_oci_json(default_profile()))
                                                               : std::string(kUntilTheFirstProcess);
  host.security_options = {std::string(kNoNewPrivileges), std::string(kSeccomp) + filter};
  host.network_mode = "none";
  host.ipc_mode = "private";
  host.cgroupns_mode = "private";
  host.log_driver = "none";
  host.oom_score_adjust = kOomScore;
  host.pids_limit = kMostProcesses;
  for (const std::string_view path : kMasked) add_once(host.masked_paths, path);
  for (const std::string_view path : kReadOnly) add_once(host.read_only_paths, path);
  const DefaultPolicy defaults = default_policy();
  for (const auto entries : {defaults.proc_hidden, defaults.proc_hidden_directories}) {
    for (const DefaultEntry& entry : entries) add_once(host.masked_paths, entry.path);
  }
  for (const DefaultEntry& entry : defaults.proc_read_only) {
    add_once(host.read_only_paths, entry.path);
  }
  // An engine without CAP_SYS_RESOURCE cannot give more than it has.
  constexpr std::int64_t kFilesSoft = 1024;
  constexpr std::int64_t kFilesHard = 16384;
  // Not 0: a core_pattern that is a pipe of the host gets the memory all the same.
  host.ulimits = {{"core", 1, 1}, {"nofile", kFilesSoft, kFilesHard}};
  return host;
}

void run_first(const std::string& program, const std::string& socket,
               engine::ContainerConfig& config) {
  config.host.init = false;
  config.command.insert(config.command.begin(), first_process::kProgram);
  config.host.mounts.push_back({program, first_process::kProgram, true});
  config.host.mounts.push_back({socket, first_process::kSocket, true});
}

void run_idle(const std::string& program, engine::ContainerConfig& config) {
  config.host.init = false;
  config.command = {first_process::kIdle};
  config.host.mounts.push_back({program, first_process::kIdle, true});
}

void disable_network(const std::string& hosts, engine::ContainerConfig& config) {
  constexpr std::string_view kHosts = "/etc/hosts";
  config.network_disabled = true;
  auto& mounts = config.host.mounts;
  const bool taken = std::ranges::find(mounts, kHosts, &engine::BindMount::target) != mounts.end();
  if (!taken) mounts.push_back({hosts, std::string(kHosts), true});
}

std::vector<std::string> not_taken(const engine::ContainerConfig& asked,
                                   const engine::Container& given) {
  std::vector<std::string> missing;
  const auto need = [&](bool holds, std::string_view what) {
    if (!holds) missing.emplace_back(what);
  };
  const engine::HostConfig& host = given.config.host;
  need(!host.privileged, "it is privileged");
  need(host.read_only_root, "its root is writable");
  need(host.cap_add.empty() && drops_all(host.cap_drop), "it keeps capabilities");
  need(has_no_new_privileges(host.security_options), "no_new_privs is off");
  const auto& asked_options = asked.host.security_options;
  need(has_seccomp(host.security_options) || std::ranges::none_of(asked_options, is_seccomp_option),
       "it has no system call filter of Cordon's");
  need(asked.host.runtime.empty() || host.runtime == asked.host.runtime, "it has another runtime");
  need(host.network_mode == asked.host.network_mode, "it has another network");
  need(host.ipc_mode == "private" || host.ipc_mode == "none", "it shares IPC");
  need(host.pid_mode.empty() || host.pid_mode == "private", "it shares processes");
  need(host.cgroupns_mode == asked.host.cgroupns_mode, "it shares the control group namespace");
  need(given.config.user == asked.user, "it runs as another user");
  need(host.binds.empty() && host.devices.empty() && host.group_add.empty(),
       "it has binds, devices or groups that nobody asked for");
  need(given.volumes.empty(), "it has volumes");
  need(contains_all(host.masked_paths, asked.host.masked_paths) &&
           contains_all(host.read_only_paths, asked.host.read_only_paths),
       "parts of /proc and /sys are open");
  const auto& mounts = host.mounts;
  need(mounts.size() == asked.host.mounts.size() &&
           std::ranges::all_of(
               asked.host.mounts,
               [&](const auto& one) { return std::ranges::find(mounts, one) != mounts.end(); }),
       "its mounts are others than those of the policy");
  return missing;
}

}  // namespace cordon::docker
