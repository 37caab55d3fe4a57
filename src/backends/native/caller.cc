#include "native/caller.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "linux/user_entry.h"
#include "native/paths.h"
#include "policy/default_policy.h"

namespace cordon::native {

namespace {

bool can_be_home(std::string_view path) {
  if (path == "/") return false;
  for (const std::string_view place : {"/proc", "/sys", "/dev"}) {
    if (is_beneath(path, place)) return false;
  }
  const auto system = default_policy().system;
  return std::ranges::none_of(
      system, [&](const DefaultEntry& entry) { return is_beneath(path, entry.path); });
}

std::string home_in_database(uid_t uid) {
  const auto user = linux_os::find_user(uid);
  return user && user->home.starts_with('/') ? normalize(user->home, "/") : "";
}

}  // namespace

Caller current_caller() {
  Caller caller{.uid = geteuid(), .gid = getegid(), .homes = {}};
  const char* variable = std::getenv("HOME");
  const std::string stated = variable && variable[0] == '/' ? normalize(variable, "/") : "";
  const std::string recorded = home_in_database(caller.uid);
  for (const std::string& home : {stated, recorded}) {
    const bool known = std::ranges::find(caller.homes, home) != caller.homes.end();
    if (!home.empty() && !known && can_be_home(home)) caller.homes.push_back(home);
  }
  if (caller.homes.empty()) caller.homes.emplace_back("/home/sandbox");
  for (const std::string& home : caller.homes) {
    caller.policy_directories.push_back(home + "/.config/cordon");
  }
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config && config[0] == '/') {
    caller.policy_directories.push_back(normalize(std::string(config) + "/cordon", "/"));
  }
  return caller;
}

}  // namespace cordon::native
