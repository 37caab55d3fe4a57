#include "linux/foreign_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "linux/cgroup_files.h"
#include "linux/proc_file.h"

namespace cordon::linux_os {

namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";
// Where the kernel says a number near this, there is no limit.
constexpr std::uint64_t kNoLimit = 1ULL << 62;

std::optional<std::uint64_t> parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto line = read_proc_line(path);
  if (!line) return std::nullopt;
  const auto value = parse(*line);
  return value && *value < kNoLimit ? value : std::nullopt;
}

// "name value" on a line of its own.
std::uint64_t named(const std::string& path, std::string_view name) {
  const auto text = read_proc_file(path);
  if (!text) return 0;
  std::string_view rest(*text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
      return parse(line.substr(name.size() + 1)).value_or(0);
    }
  }
  return 0;
}

bool lists(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const auto one = controllers.substr(0, controllers.find(','));
    if (one == wanted) return true;
    controllers.remove_prefix(std::min(controllers.size(), one.size() + 1));
  }
  return false;
}

// What went to and came from disks, as far as the kernel charges it to the group: with v1 what was
// written later, from memory, is nobody's.
void count_io(const ControlGroups& groups, ResourceUsage& usage) {
  if (groups.v2) {
    const std::string io = read_proc_file(groups.memory + "/io.stat").value_or("");
    usage.io_read_bytes = cgroup::sum_of(io, "rbytes=");
    usage.io_write_bytes = cgroup::sum_of(io, "wbytes=");
    return;
  }
  const std::string memory = fmt::format("{}/memory", kRoot);
  if (!groups.memory.starts_with(memory)) return;
  const std::string io =
      read_proc_file(fmt::format("{}/blkio{}/blkio.throttle.io_service_bytes_recursive", kRoot,
                                 groups.memory.substr(memory.size())))
          .value_or("");
  usage.io_read_bytes = cgroup::sum_of_operation(io, "Read");
  usage.io_write_bytes = cgroup::sum_of_operation(io, "Write");
}

}  // namespace

ControlGroups read_groups(const std::string& text, const std::string& owner) {
  ControlGroups groups;
  std::string unified;
  std::string_view rest(text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    auto path = line.substr(second + 1);
    // Its own init may have gone deeper.
    const auto name = path.find(owner);
    if (name == std::string_view::npos) continue;
    path = path.substr(0, path.find('/', name));
    if (controllers.empty()) unified = fmt::format("{}{}", kRoot, path);
    if (lists(controllers, "memory")) groups.memory = fmt::format("{}/memory{}", kRoot, path);
    if (lists(controllers, "cpu")) groups.cpu = fmt::format("{}/cpu{}", kRoot, path);
    if (lists(controllers, "pids")) groups.pids = fmt::format("{}/pids{}", kRoot, path);
  }
  if (groups.memory.empty() && groups.cpu.empty() && !unified.empty()) {
    groups = {.memory = unified, .cpu = unified, .pids = unified, .v2 = true};
  }
  return groups;
}

ControlGroups find_groups(pid_t first_process, const std::string& owner) {
  if (first_process <= 0 || owner.empty()) return {};
  const auto text = read_proc_file(fmt::format("/proc/{}/cgroup", first_process));
  return text ? read_groups(*text, owner) : ControlGroups();
}

Counted count(const ControlGroups& groups) {
  Counted counted;
  if (groups.v2) {
    constexpr std::uint64_t kNanoPerMicro = 1000;
    counted.usage.cpu_time_ns = named(groups.cpu + "/cpu.stat", "usage_usec") * kNanoPerMicro;
    counted.usage.memory_peak_bytes = number_in(groups.memory + "/memory.peak").value_or(0);
    counted.kills_for_memory = named(groups.memory + "/memory.events", "oom_kill");
  } else {
    if (const auto cpu = groups.cpu.rfind("/cpu/"); cpu != std::string::npos) {
      const std::string accounting = fmt::format("{}/cpuacct{}", kRoot, groups.cpu.substr(cpu + 4));
      counted.usage.cpu_time_ns = number_in(accounting + "/cpuacct.usage").value_or(0);
    }
    counted.usage.memory_peak_bytes =
        number_in(groups.memory + "/memory.max_usage_in_bytes").value_or(0);
    counted.kills_for_memory = named(groups.memory + "/memory.oom_control", "oom_kill");
  }
  count_io(groups, counted.usage);
  counted.refused_processes = named(groups.pids + "/pids.events", "max");
  return counted;
}

std::optional<std::uint64_t> memory_limit(const ControlGroups& groups) {
  return number_in(groups.memory + (groups.v2 ? "/memory.max" : "/memory.limit_in_bytes"));
}

std::optional<std::uint64_t> memory_and_swap_limit(const ControlGroups& groups) {
  if (!groups.v2) return number_in(groups.memory + "/memory.memsw.limit_in_bytes");
  const auto memory = memory_limit(groups);
  const auto swap = number_in(groups.memory + "/memory.swap.max");
  return memory && swap ? std::optional(*memory + *swap) : std::nullopt;
}

std::optional<std::uint64_t> pids_limit(const ControlGroups& groups) {
  return number_in(groups.pids + "/pids.max");
}

std::optional<double> cpus_limit(const ControlGroups& groups) {
  std::optional<std::uint64_t> quota;
  std::optional<std::uint64_t> period;
  if (groups.v2) {
    const auto line = read_proc_line(groups.cpu + "/cpu.max").value_or("");
    const auto space = line.find(' ');
    quota = parse(line);
    if (space != std::string::npos) period = parse(std::string_view(line).substr(space + 1));
  } else {
    quota = number_in(groups.cpu + "/cpu.cfs_quota_us");
    period = number_in(groups.cpu + "/cpu.cfs_period_us");
  }
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace cordon::linux_os
