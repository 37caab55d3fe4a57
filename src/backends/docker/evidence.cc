#include "docker/evidence.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/printable.h"
#include "linux/caller.h"
#include "linux/proc_file.h"

namespace cordon::docker {

namespace {

// The value of "Name:\tvalue".
std::string_view field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const auto line = status.substr(0, status.find('\n'));
    status.remove_prefix(std::min(status.size(), line.size() + 1));
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    const auto value = line.substr(name.size() + 1);
    const auto begin = value.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view() : value.substr(begin);
  }
  return {};
}

bool is_zero(std::string_view digits) {
  return !digits.empty() && std::ranges::all_of(digits, [](char c) { return c == '0'; });
}

}  // namespace

Evidence read_evidence(std::string_view status) {
  Evidence evidence;
  evidence.no_capabilities = is_zero(field(status, "CapInh")) && is_zero(field(status, "CapPrm")) &&
                             is_zero(field(status, "CapEff")) && is_zero(field(status, "CapBnd")) &&
                             is_zero(field(status, "CapAmb"));
  evidence.no_new_privileges = field(status, "NoNewPrivs") == "1";
  evidence.filtered = field(status, "Seccomp") == "2";
  const auto uids = field(status, "Uid");
  uid_t uid = 0;
  if (std::from_chars(uids.data(), uids.data() + uids.size(), uid).ec == std::errc()) {
    evidence.uid = uid;
  }
  return evidence;
}

std::string read_label(std::string_view attribute) {
  const auto end = attribute.find_last_not_of(std::string_view("\n\0", 2));
  attribute = attribute.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (attribute.empty() || attribute == "unconfined" || attribute.contains("unconfined_t"))
    return {};
  // user:role:type:level; a profile's name is followed by its mode.
  const bool context = std::ranges::count(attribute, ':') >= 3 && !attribute.ends_with(')');
  return printable(fmt::format("{} {}", context ? "SELinux" : "AppArmor", attribute));
}

std::optional<Evidence> look_at_process(pid_t pid, std::string_view container) {
  if (pid <= 0 || container.empty()) return std::nullopt;
  const auto groups = linux_os::read_proc_file(fmt::format("/proc/{}/cgroup", pid));
  if (!groups || !groups->contains(container)) return std::nullopt;
  const auto status = linux_os::read_proc_file(fmt::format("/proc/{}/status", pid));
  if (!status) return std::nullopt;
  Evidence evidence = read_evidence(*status);
  // Where the kernel has no such module it says EINVAL.
  evidence.label =
      read_label(linux_os::read_proc_file(fmt::format("/proc/{}/attr/current", pid)).value_or(""));
  struct stat theirs{};
  struct stat ours{};
  if (::stat(fmt::format("/proc/{}/ns/net", pid).c_str(), &theirs) == 0 &&
      ::stat("/proc/self/ns/net", &ours) == 0) {
    evidence.own_network = theirs.st_ino != ours.st_ino;
  }
  return evidence;
}

bool is_gvisors_kernel(std::string_view words) {
  using namespace std::string_view_literals;
  return words.starts_with("runsc-sandbox\0"sv) && words.contains("\0boot\0"sv);
}

std::optional<bool> is_gvisors_kernel(pid_t pid) {
  const auto words = linux_os::read_proc_file(fmt::format("/proc/{}/cmdline", pid));
  if (!words || words->empty()) return std::nullopt;
  return is_gvisors_kernel(*words);
}

bool runs(pid_t pid, const std::string& program) {
  struct stat running{};
  struct stat wanted{};
  return ::stat(fmt::format("/proc/{}/exe", pid).c_str(), &running) == 0 &&
         ::stat(program.c_str(), &wanted) == 0 && running.st_dev == wanted.st_dev &&
         running.st_ino == wanted.st_ino;
}

bool sees_programs() {
  constexpr int kCapSysPtrace = 19;
  return ::geteuid() == 0 && linux_os::read_caller().has(kCapSysPtrace);
}

bool may_run(pid_t pid, const std::string& program) {
  return !sees_programs() || runs(pid, program);
}

std::vector<std::string> contradictions(const Evidence& evidence, const Identity& identity,
                                        bool same_users) {
  std::vector<std::string> found;
  if (!evidence.no_capabilities) found.emplace_back("it has capabilities");
  if (!evidence.no_new_privileges) found.emplace_back("no_new_privs is off");
  if (!evidence.filtered) found.emplace_back("it has no system call filter");
  if (same_users && evidence.uid && *evidence.uid != identity.uid) {
    found.emplace_back("it runs as another user");
  }
  return found;
}

}  // namespace cordon::docker
