#include "docker/podman.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/try.h"
#include "docker/evidence.h"
#include "docker/inside/protocol.h"
#include "docker/mount_table.h"
#include "docker/preset.h"
#include "native/paths.h"
#include "sandbox/unsupported.h"

namespace cordon::docker {

namespace {

constexpr std::string_view kPrivate = "private";

// Of a tmpfs Podman knows no owner by number, only the container's user ("U"), and no number of
// files; it fills it from the image unless told not to.
std::string tmpfs_options(std::string_view options) {
  std::string kept;
  bool users = false;
  std::istringstream words{std::string(options)};
  for (std::string word; std::getline(words, word, ',');) {
    users = users || word.starts_with("uid=");
    if (word.starts_with("uid=") || word.starts_with("gid=") || word.starts_with("nr_inodes=")) {
      continue;
    }
    kept += word + ",";
  }
  return kept + (users ? "U,notmpcopyup" : "notmpcopyup");
}

// Where the root is read-only it adds scratch of its own, executable and without a bound, unless
// something is asked for there.
void close_podmans_scratch(engine::HostConfig& host) {
  for (const char* const place : {"/run", "/var/tmp"}) {
    const bool asked =
        std::ranges::find(host.tmpfs, place, &engine::Pairs::value_type::first) !=
            host.tmpfs.end() ||
        std::ranges::find(host.mounts, place, &engine::BindMount::target) != host.mounts.end();
    if (asked) continue;
    host.tmpfs.emplace_back(place, "ro,nosuid,nodev,noexec,size=65536,mode=0755,notmpcopyup");
  }
}

// Its own default is more than a host without CAP_SYS_RESOURCE can give.
engine::Ulimit process_limit() {
  constexpr std::int64_t kMost = 16384;
  rlimit own{};
  std::int64_t most = kMost;
  if (::getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_max != RLIM_INFINITY) {
    most = std::min(most, static_cast<std::int64_t>(own.rlim_max));
  }
  return {"nproc", most, most};
}

}  // namespace

Result<void> check_is_roots(const engine::EngineInfo& info, std::string_view operation) {
  if (!info.has_security("rootless")) return {};
  return std::unexpected(unsupported(std::string(operation), "",
                                     "this Podman is an ordinary user's: its limits and its files "
                                     "are not those of the policy",
                                     "use root's (`podman system service` as root), or Docker"));
}

Result<void> check_can_be_looked_at(const engine::EngineInfo& info,
                                    const engine::ContainerConfig& config) {
  TRY(check_is_roots(info, "harden the container"));
  if (!config.host.runtime.empty()) {
    return std::unexpected(unsupported("harden the container", config.host.runtime,
                                       "Podman takes no runtime by its name on this socket",
                                       "--backend gvisor needs no engine"));
  }
  const std::string first = config.command.empty() ? "" : config.command.front();
  if (first == first_process::kProgram) return {};
  if (first == first_process::kIdle && sees_programs()) return {};
  return std::unexpected(
      unsupported("harden the container", "",
                  "Podman does not say what it masked, and only root sees that for itself before "
                  "the command begins",
                  "run Cordon as root, or use Docker"));
}

void word_for_podman(const engine::EngineInfo& info, engine::ContainerConfig& config) {
  engine::HostConfig& host = config.host;
  // Podman's own filter stands until the first process loads Cordon's on top of it.
  if (!config.command.empty() && config.command.front() == first_process::kProgram) {
    std::erase_if(host.security_options, is_seccomp_option);
  }
  // It is not known to make the namespace without setting it up. Its /etc/hosts would be the
  // host's.
  config.network_disabled = false;
  // It reads neither list, but takes more masks; its own read-only paths are the engines' four.
  for (const std::string& path : host.read_only_paths) {
    if (!is_read_only_everywhere(path)) host.masked_paths.push_back(path);
  }
  std::erase_if(host.read_only_paths,
                [](const std::string& path) { return !is_read_only_everywhere(path); });
  host.security_options.push_back(fmt::format("mask={}", fmt::join(host.masked_paths, ":")));
  for (auto& [place, options] : host.tmpfs) options = tmpfs_options(options);
  close_podmans_scratch(host);
  host.ulimits.push_back(process_limit());
  // It never makes one there, whatever is asked.
  if (info.cgroup_version == "1") host.cgroupns_mode = "host";
}

Result<void> put_filter_into_file(const OwnPlace& place, engine::HostConfig& host) {
  for (std::string& option : host.security_options) {
    if (!is_seccomp_option(option)) continue;
    const auto equals = option.find('=') + 1;
    TRY(place.write(OwnPlace::kFilter, std::string_view(option).substr(equals)));
    option.replace(equals, std::string::npos, place.path(OwnPlace::kFilter));
  }
  return {};
}

engine::Container in_dockers_words(const engine::EngineInfo& info,
                                   const engine::ContainerConfig& asked, engine::Container given) {
  engine::HostConfig& host = given.config.host;
  host.binds.clear();  // the same as its mounts, which are compared
  host.masked_paths = asked.host.masked_paths;
  host.read_only_paths = asked.host.read_only_paths;
  // One of its own, which others join who ask the engine for that.
  if (host.ipc_mode == "shareable") host.ipc_mode = kPrivate;
  if (host.cgroupns_mode.empty()) host.cgroupns_mode = asked.host.cgroupns_mode;
  host.runtime = info.default_runtime;  // it says "oci" of each
  return given;
}

std::vector<std::string> added_variables(const engine::ContainerConfig& asked,
                                         const engine::ContainerConfig& given) {
  std::vector<std::string> names;
  for (const std::string& variable : given.environment) {
    if (std::ranges::find(asked.environment, variable) != asked.environment.end()) continue;
    names.push_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

bool is_absent_here(const std::string& path) {
  return (path.starts_with("/proc/") || path.starts_with("/sys/")) &&
         ::access(path.c_str(), F_OK) != 0;
}

std::vector<std::string> open_in_mounts(std::string_view mountinfo, const engine::HostConfig& asked,
                                        IsAbsent absent) {
  const MountTable mounts = read_mounts(mountinfo);
  std::vector<std::string> found;
  const auto at = [&](const std::string& path) -> const Mounted* {
    const auto one = mounts.find(path);
    return one == mounts.end() ? nullptr : &one->second;
  };
  const Mounted* const root = at("/");
  if (root == nullptr || !root->has("ro")) found.emplace_back("its root is writable");
  for (const std::string& path : asked.masked_paths) {
    const Mounted* const mask = at(path);
    const bool holds = mask != nullptr
                           ? mask->is_null_device() || (mask->type == "tmpfs" && mask->has("ro"))
                           : absent(path);
    if (!holds) found.push_back(fmt::format("{} is open", path));
  }
  for (const std::string& path : asked.read_only_paths) {
    const Mounted* const kept = at(path);
    if (kept != nullptr ? !kept->has("ro") : !absent(path)) {
      found.push_back(fmt::format("{} is writable", path));
    }
  }
  std::vector<std::string> writable = {"/proc"};
  // Of cgroup v1: a directory of root's with read-only mounts.
  if (const Mounted* const groups = at("/sys/fs/cgroup"); groups && groups->type == "tmpfs") {
    writable.emplace_back("/sys/fs/cgroup");
  }
  for (const auto& [place, options] : asked.tmpfs) {
    const Mounted* const scratch = at(place);
    if (scratch == nullptr || scratch->type != "tmpfs" || !scratch->has("noexec") ||
        !scratch->has("nosuid") || !scratch->has("nodev")) {
      found.push_back(fmt::format("{} is no scratch that runs nothing", place));
    }
    writable.push_back(place);
  }
  for (const auto& bind : asked.mounts) {
    if (!bind.read_only) writable.push_back(bind.target);
  }
  for (const auto& [place, mount] : mounts) {
    if (place == "/" || mount.has("ro") || mount.is_null_device()) continue;
    if (native::is_beneath(place, "/dev")) continue;
    if (std::ranges::find(writable, place) == writable.end()) {
      found.push_back(fmt::format("{} is writable, which nobody asked for", place));
    }
  }
  return found;
}

std::vector<std::string> shared_namespaces(pid_t pid, const engine::HostConfig& asked) {
  std::vector<std::string> names = {"ipc", "mnt", "net", "pid", "uts"};
  if (asked.cgroupns_mode == kPrivate) names.emplace_back("cgroup");
  std::vector<std::string> found;
  const auto read = [](const std::string& path) {
    std::array<char, 64> target{};
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    return std::string(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  for (const std::string& name : names) {
    const std::string theirs = read(fmt::format("/proc/{}/ns/{}", pid, name));
    if (theirs.empty() || theirs == read("/proc/self/ns/" + name)) {
      found.push_back(fmt::format("it shares the {} namespace", name));
    }
  }
  return found;
}

}  // namespace cordon::docker
