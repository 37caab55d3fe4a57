#include "lxc/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ranges>
#include <string_view>

#include "core/printable.h"
#include "core/try.h"

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

enum class StoreKind { Either, Lxd, Incus, Classic, Neither };

StoreKind store_of(std::string_view executable) {
  const auto name = executable.substr(executable.rfind('/') + 1);
  if (executable.empty()) return StoreKind::Either;
  if (name == "incus") return StoreKind::Incus;
  if (name == "lxc-attach") return StoreKind::Classic;
  return name == "lxc" ? StoreKind::Lxd : StoreKind::Neither;
}

std::vector<std::string> sockets_of(StoreKind store, const std::string& stated) {
  if (!stated.empty()) return {stated};
  std::vector<std::string> sockets;
  // Who states a place means that one.
  const bool incus = !variable("INCUS_DIR").empty() || !variable("INCUS_SOCKET").empty();
  const bool lxd = !variable("LXD_DIR").empty();
  const bool either = store == StoreKind::Either;
  if (store == StoreKind::Incus || (either && (incus || !lxd))) add_incus(sockets);
  if (store == StoreKind::Lxd || (either && (lxd || !incus))) add_lxd(sockets);
  return sockets;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

bool is_project_name(std::string_view name) {
  constexpr std::size_t kMost = 63;
  return name.size() <= kMost && !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

// Of an interface of this host's, as a bridge is one.
bool is_network_name(std::string_view name) {
  constexpr std::size_t kMost = 15;
  return name.size() <= kMost && !name.starts_with('-') && !name.starts_with('.') &&
         std::ranges::all_of(name, [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

struct Value {
  const char* name;
  const char* variable;
  std::string text;
};
enum Index : std::size_t {
  kExecutable,
  kSocket,
  kContainers,
  kProject,
  kInstance,
  kImage,
  kNetwork
};
using Values = std::array<Value, 7>;

Values as_stated(const LxcConfig& stated) {
  return {{{"lxc.executable", "CORDON_LXC_EXECUTABLE", stated.executable},
           {"lxc.socket", "CORDON_LXC_SOCKET", stated.socket},
           {"lxc.containers", "CORDON_LXC_CONTAINERS", stated.containers},
           {"lxc.project", "CORDON_LXC_PROJECT", stated.project},
           {"lxc.instance", "CORDON_LXC_INSTANCE", stated.instance},
           {"lxc.image", "CORDON_LXC_IMAGE", stated.image},
           {"lxc.network", "CORDON_LXC_NETWORK", stated.network}}};
}

Result<void> check(const Values& values) {
  const auto refuse = [&](Index which, std::string why) {
    return std::unexpected(invalid_argument(fmt::format("read {}", values[which].name),
                                            printable(values[which].text), std::move(why)));
  };
  const auto stated = [&](Index which) { return !values[which].text.empty(); };
  const auto& socket = values[kSocket].text;
  if (store_of(values[kExecutable].text) == StoreKind::Neither) {
    return refuse(kExecutable, "lxc, incus and lxc-attach are known, also with their path");
  }
  if (stated(kSocket) && (!socket.starts_with('/') || !is_clean(socket))) {
    return refuse(kSocket, "a path that begins with / is wanted");
  }
  const auto& containers = values[kContainers].text;
  if (stated(kContainers) && (!containers.starts_with('/') || !is_clean(containers))) {
    return refuse(kContainers, "a path that begins with / is wanted");
  }
  if (!is_project_name(values[kProject].text)) return refuse(kProject, "that is no project's name");
  if (stated(kInstance) && !is_instance_name(values[kInstance].text)) {
    return refuse(kInstance, "that is no instance's name");
  }
  if (stated(kImage) && !is_image_name(values[kImage].text)) {
    return refuse(kImage, "that is no image's name");
  }
  if (stated(kNetwork) && !is_network_name(values[kNetwork].text)) {
    return refuse(kNetwork, "that is no network's name");
  }
  if (stated(kInstance) && stated(kImage)) {
    return refuse(kImage, fmt::format("{} says {}: one of the two is used where no image is named",
                                      values[kInstance].name, values[kInstance].text));
  }
  if (store_of(values[kExecutable].text) != StoreKind::Classic) {
    return stated(kContainers) ? refuse(kContainers, "only lxc-attach has them in a directory")
                               : Result<void>();
  }
  for (const Index other : {kSocket, kProject, kImage, kNetwork}) {
    if (stated(other)) return refuse(other, "lxc-attach has none");
  }
  return {};
}

}  // namespace

bool is_instance_name(std::string_view name) {
  constexpr std::size_t kMost = 63;
  return !name.empty() && name.size() <= kMost && is_letter(name.front()) && name.back() != '-' &&
         std::ranges::all_of(
             name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_image_name(std::string_view name) {
  constexpr std::size_t kMost = 512;
  // Part of a path of the store's API, where ".." is another request.
  const bool stays = std::ranges::none_of(name | std::views::split('/'), [](const auto& part) {
    const std::string_view text(part.begin(), part.end());
    return text.empty() || text == "." || text == "..";
  });
  return !name.empty() && name.size() <= kMost && !name.starts_with('-') && !name.ends_with('/') &&
         is_clean(name) && stays;
}

Result<void> check(const LxcConfig& stated) { return check(as_stated(stated)); }

Result<Settings> settings_of(const LxcConfig& stated) {
  Values values = as_stated(stated);
  // Of the two that exclude each other the one that is stated counts, not what the other's variable
  // says.
  const bool origin_stated = !stated.instance.empty() || !stated.image.empty();
  for (Value& value : values) {
    const bool is_origin = &value == &values[kInstance] || &value == &values[kImage];
    if (!value.text.empty() || (is_origin && origin_stated)) continue;
    value.text = variable(value.variable);
    value.name = value.variable;
  }
  TRY(check(values));
  if (store_of(values[kExecutable].text) == StoreKind::Classic) {
    if (values[kInstance].text.empty()) {
      return std::unexpected(invalid_argument(fmt::format("read {}", values[kInstance].name), "",
                                              "lxc-attach needs the name of a container"));
    }
    return Settings{.sockets = {},
                    .project = {},
                    .attach = values[kExecutable].text,
                    .containers = values[kContainers].text,
                    .instance = values[kInstance].text,
                    .network = {},
                    .image = {}};
  }
  return Settings{.sockets = sockets_of(store_of(values[kExecutable].text), values[kSocket].text),
                  .project = values[kProject].text,
                  .attach = {},
                  .containers = {},
                  .instance = values[kInstance].text,
                  .network = values[kNetwork].text,
                  .image = values[kImage].text};
}

}  // namespace cordon::lxc
