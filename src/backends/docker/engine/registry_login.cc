#include "engine/registry_login.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>

#include "core/base64.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "engine/json_access.h"

namespace cordon::engine {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostConfig = 1 << 20;

// "https://HOST/v1/" and "HOST" are the same registry.
std::string_view host_of(std::string_view registry) {
  if (const auto scheme = registry.find("://"); scheme != std::string_view::npos) {
    registry.remove_prefix(scheme + 3);
  }
  return registry.substr(0, registry.find('/'));
}

// Of a member that may be there under any of a registry's names.
const json::value* of_registry(const json::object& list, std::string_view registry) {
  for (const auto& [key, value] : list) {
    if (host_of({key.data(), key.size()}) == host_of(registry)) return &value;
  }
  return nullptr;
}

std::optional<RegistryLogin> read_login(const json::object& entry, std::string_view registry) {
  RegistryLogin login{std::string(registry), text(entry, "username"), text(entry, "password"),
                      text(entry, "identitytoken")};
  // User and password in one; docker pads it with NUL bytes on some systems.
  if (const auto both = decode_base64(text(entry, "auth")); both && both->contains(':')) {
    const auto colon = both->find(':');
    login.user = both->substr(0, colon);
    login.password = both->substr(colon + 1);
    while (login.password.ends_with('\0')) login.password.pop_back();
  }
  if (login.identity_token.empty() && login.user.empty()) return std::nullopt;
  return login;
}

}  // namespace

std::string RegistryLogin::header() const {
  json::object login = {{"serveraddress", server}};
  if (!identity_token.empty()) {
    login["identitytoken"] = identity_token;
  } else {
    login["username"] = user;
    login["password"] = password;
  }
  std::string encoded = encode_base64(json::serialize(login));
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  return encoded;
}

Result<LoginSearch> find_login(std::string_view config, std::string_view registry) {
  LoginSearch found;
  if (config.empty()) return found;
  const auto whole = parse_object(config, "logins");
  if (!whole) {
    return std::unexpected(invalid_argument("read Docker's config.json", "", whole.error().detail));
  }
  const json::value* entry = of_registry(object(*whole, "auths"), registry);
  if (entry != nullptr && entry->is_object()) {
    found.login = read_login(entry->get_object(), registry);
  }
  found.helper = !found.login && (!text(*whole, "credsStore").empty() ||
                                  of_registry(object(*whole, "credHelpers"), registry) != nullptr);
  return found;
}

Result<std::string> read_docker_config() {
  const char* directory = std::getenv("DOCKER_CONFIG");
  const char* home = std::getenv("HOME");
  std::string path;
  if (directory != nullptr && *directory != '\0') {
    path = fmt::format("{}/config.json", directory);
  } else if (home != nullptr && *home != '\0') {
    path = fmt::format("{}/.docker/config.json", home);
  } else {
    return "";
  }
  constexpr std::string_view kWhat = "read the logins in";
  // O_NONBLOCK: a pipe of that name is not waited for.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return "";
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(invalid_argument(std::string(kWhat), path, "it is no regular file"));
  }
  std::string content(kMostConfig + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t some = ::read(file.get(), content.data() + size, content.size() - size);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return std::unexpected(system_error(std::string(kWhat), path));
    if (some == 0) break;
    size += static_cast<std::size_t>(some);
  }
  if (size > kMostConfig) {
    return std::unexpected(invalid_argument(std::string(kWhat), path, "it is beyond 1 MiB"));
  }
  content.resize(size);
  return content;
}

}  // namespace cordon::engine
