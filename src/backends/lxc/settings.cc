#include "lxc/settings.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace cordon::lxc {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

void add_incus(std::vector<std::string>& sockets) {
  if (const auto socket = variable("INCUS_SOCKET"); !socket.empty())
    return sockets.push_back(socket);
  if (const auto place = variable("INCUS_DIR"); !place.empty()) {
    return sockets.push_back(place + "/unix.socket");
  }
  sockets.emplace_back("/run/incus/unix.socket");
  sockets.emplace_back("/var/lib/incus/unix.socket");
}

void add_lxd(std::vector<std::string>& sockets) {
  if (const auto place = variable("LXD_DIR"); !place.empty()) {
    return sockets.push_back(place + "/unix.socket");
  }
  sockets.emplace_back("/var/snap/lxd/common/lxd/unix.socket");
  sockets.emplace_back("/var/lib/lxd/unix.socket");
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool is_instance_name(std::string_view name) {
  constexpr std::size_t kMost = 63;
  return !name.empty() && name.size() <= kMost && is_letter(name.front()) && name.back() != '-' &&
         std::ranges::all_of(
             name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

Result<Settings> settings_of_environment() {
  Settings settings;
  const std::string executable = variable("CORDON_LXC_EXECUTABLE");
  const std::string name = executable.substr(executable.rfind('/') + 1);
  if (name == "incus") {
    add_incus(settings.sockets);
  } else if (name == "lxc") {
    add_lxd(settings.sockets);
  } else if (executable.empty()) {
    // Who states a place means that one.
    const bool incus = !variable("INCUS_DIR").empty() || !variable("INCUS_SOCKET").empty();
    const bool lxd = !variable("LXD_DIR").empty();
    if (incus || !lxd) add_incus(settings.sockets);
    if (lxd || !incus) add_lxd(settings.sockets);
  } else {
    return std::unexpected(invalid_argument("read CORDON_LXC_EXECUTABLE", executable,
                                            "lxc and incus are known, also with their path"));
  }
  settings.instance = variable("CORDON_LXC_INSTANCE");
  if (!settings.instance.empty() && !is_instance_name(settings.instance)) {
    return std::unexpected(invalid_argument("read CORDON_LXC_INSTANCE", settings.instance,
                                            "that is no instance's name"));
  }
  return settings;
}

}  // namespace cordon::lxc
