#include "doctor/programs.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <future>
#include <sstream>
#include <vector>

#include "doctor/docker_ping.h"

namespace cordon::doctor {

namespace {

constexpr std::array<std::string_view, 8> kPlaces = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin",
    "/sbin",           "/bin",           "/snap/bin", "/usr/libexec",  // RHEL keeps qemu-kvm there
};

#if defined(__aarch64__)
constexpr std::string_view kQemu = "qemu-system-aarch64";
#else
constexpr std::string_view kQemu = "qemu-system-x86_64";
#endif

enum class Packager { Unknown, Apt, Dnf, Pacman, Apk, Zypper };

struct Package {
  std::string_view program;
  std::string_view apt;
  std::string_view dnf;
  std::string_view pacman;
  std::string_view apk;
  std::string_view zypper;
};

// An empty name: the distribution has no such package.
constexpr Package kPackages[] = {
    {"runsc", "runsc", "", "", "", ""},
    {"docker", "docker.io", "moby-engine", "docker", "docker", "docker"},
    {"podman", "podman", "podman", "podman", "podman", "podman"},
    {"lxc-start", "lxc", "lxc", "lxc", "lxc", "lxc"},
    {"lxd", "lxd", "incus", "incus", "incus", "incus"},
    {"nft", "nftables", "nftables", "nftables", "nftables", "nftables"},
    {"bwrap", "bubblewrap", "bubblewrap", "bubblewrap", "bubblewrap", "bubblewrap"},
    {"qemu-system-x86_64", "qemu-system-x86", "qemu-system-x86-core", "qemu-system-x86",
     "qemu-system-x86_64", "qemu-x86"},
    {"qemu-system-aarch64", "qemu-system-arm", "qemu-system-aarch64-core", "qemu-system-aarch64",
     "qemu-system-aarch64", "qemu-arm"},
};

Packager packager(const linux_os::HostRoot& root) {
  std::istringstream release(linux_os::read_proc_file(root.at("/etc/os-release")).value_or(""));
  std::vector<std::string> names;
  for (std::string line; std::getline(release, line);) {
    if (!line.starts_with("ID=") && !line.starts_with("ID_LIKE=")) continue;
    line.erase(0, line.find('=') + 1);
    std::erase(line, '"');
    std::istringstream words(line);
    for (std::string word; words >> word;) names.push_back(word);
  }
  const auto is = [&](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is("debian") || is("ubuntu")) return Packager::Apt;
  if (is("fedora") || is("rhel") || is("centos")) return Packager::Dnf;
  if (is("arch")) return Packager::Pacman;
  if (is("alpine")) return Packager::Apk;
  if (is("suse") || is("opensuse")) return Packager::Zypper;
  return Packager::Unknown;
}

bool is_executable(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & S_IXOTH) != 0;
}

bool is_socket(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

Check found_at(std::string path) { return {State::Ok, std::move(path), {}}; }

// Where the docker command would ask, if somebody said so; for a host that is looked at from
// outside nobody did.
std::string_view stated_engine(const Host& host) {
  const char* stated = host.root.prefix.empty() ? std::getenv("DOCKER_HOST") : nullptr;
  return stated != nullptr ? stated : "";
}

// The daemon's own socket first, then the one of a daemon without root.
std::vector<std::string> docker_sockets(const Host& host) {
  std::vector<std::string> sockets;
  constexpr std::string_view kUnix = "unix://";
  if (const auto stated = stated_engine(host); stated.starts_with(kUnix)) {
    return {std::string(stated.substr(kUnix.size()))};
  }
  for (const std::string& path :
       {std::string("/run/docker.sock"), std::string("/var/run/docker.sock"),
        fmt::format("/run/user/{}/docker.sock", host.caller.uid)}) {
    if (!is_socket(host.root.at(path))) continue;
    // /var/run is a link to /run nearly everywhere.
    if (path == "/var/run/docker.sock" && !sockets.empty()) continue;
    sockets.push_back(path);
  }
  return sockets;
}

// Where the lxc and incus commands would ask.
std::vector<std::string> lxc_sockets(const Host& host) {
  for (const char* name : {"INCUS_DIR", "LXD_DIR"}) {
    const char* const stated = host.root.prefix.empty() ? std::getenv(name) : nullptr;
    if (stated != nullptr && *stated != '\0') return {std::string(stated) + "/unix.socket"};
  }
  return {"/run/incus/unix.socket", "/var/lib/incus/unix.socket",
          "/var/snap/lxd/common/lxd/unix.socket", "/var/lib/lxd/unix.socket"};
}

Check docker_failure(const Host& host, const std::string& path, const DockerPing& ping) {
  switch (ping.outcome) {
    case DockerPing::Outcome::Denied:
      return {State::Limited,
              fmt::format(
                  "{} is there, but this user may not use it (its group is as good as root)", path),
              "sudo usermod -aG docker $USER, then log in again"};
    case DockerPing::Outcome::TimedOut:
      return {State::Limited, fmt::format("{}: {}", path, ping.detail),
              host.caller.as_root("systemctl restart docker")};
    case DockerPing::Outcome::Failed:
    case DockerPing::Outcome::Answered:
      break;
  }
  return {State::Limited, fmt::format("{}: {}", path, ping.detail),
          host.caller.as_root("systemctl start docker")};
}

}  // namespace

std::optional<std::string> find_program(const linux_os::HostRoot& root, std::string_view name) {
  for (const std::string_view place : kPlaces) {
    std::string path = fmt::format("{}/{}", place, name);
    if (is_executable(root.at(path))) return path;
  }
  return std::nullopt;
}

std::string install_command(const Host& host, std::string_view program) {
  const auto package = std::ranges::find(kPackages, program, &Package::program);
  if (package == std::end(kPackages)) return {};
  const auto command = [&](std::string_view verb, std::string_view name) {
    if (name.empty()) return std::string();
    return host.caller.as_root(fmt::format("{} {}", verb, name));
  };
  switch (packager(host.root)) {
    case Packager::Apt:
      return command("apt install", package->apt);
    case Packager::Dnf:
      return command("dnf install", package->dnf);
    case Packager::Pacman:
      return command("pacman -S", package->pacman);
    case Packager::Apk:
      return command("apk add", package->apk);
    case Packager::Zypper:
      return command("zypper install", package->zypper);
    case Packager::Unknown:
      break;
  }
  return {};
}

Check check_program(const Host& host, std::string_view program) {
  if (auto path = find_program(host.root, program)) return found_at(std::move(*path));
  return {State::Missing, "not installed", install_command(host, program)};
}

Check check_lxc(const Host& host) {
  for (const std::string& socket : lxc_sockets(host)) {
    if (is_socket(host.root.at(socket))) return found_at(fmt::format("daemon at {}", socket));
  }
  for (const auto& [program, service] :
       {std::pair("incusd", "incus"), std::pair("lxd", "lxd"), std::pair("lxc-start", "")}) {
    auto path = find_program(host.root, program);
    if (!path) continue;
    // Instances are made by a daemon: the classic tools have none.
    return {State::Limited, *path + ", and no daemon of LXD or Incus",
            *service != '\0' ? fmt::format("sudo systemctl start {}", service)
                             : install_command(host, "lxd")};
  }
  return {State::Missing, "not installed", install_command(host, "lxd")};
}

Check check_qemu(const Host& host) {
  for (const std::string_view program : {kQemu, std::string_view("qemu-kvm")}) {
    if (auto path = find_program(host.root, program)) return found_at(std::move(*path));
  }
  return {State::Missing, "not installed", install_command(host, kQemu)};
}

Check check_docker(const Host& host, std::chrono::milliseconds limit) {
  if (const auto stated = stated_engine(host); stated.starts_with("tcp://")) {
    return {State::Ok, fmt::format("DOCKER_HOST names {}", stated), {}};
  }
  const std::vector<std::string> sockets = docker_sockets(host);
  std::vector<std::future<DockerPing>> pings;
  for (const std::string& path : sockets) {
    pings.push_back(std::async(std::launch::async, ping_docker, host.root.at(path), limit));
  }
  std::optional<Check> failure;
  std::optional<Check> success;
  for (std::size_t i = 0; i < pings.size(); ++i) {
    const DockerPing ping = pings[i].get();
    if (ping.outcome == DockerPing::Outcome::Answered) {
      if (!success) {
        success = Check{State::Ok, fmt::format("answers on {}{}", sockets[i], ping.detail), {}};
      }
    } else if (!failure) {
      failure = docker_failure(host, sockets[i], ping);
    }
  }
  if (success) return *success;
  if (failure) return *failure;
  if (const auto client = find_program(host.root, "docker")) {
    return {State::Limited, fmt::format("client at {}, but no daemon's socket", *client),
            host.caller.as_root("systemctl start docker")};
  }
  return {State::Missing, "not installed", install_command(host, "docker")};
}

}  // namespace cordon::doctor
