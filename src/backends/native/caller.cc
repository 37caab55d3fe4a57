#include "native/caller.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

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

// The file itself, not getpwuid(): name services load libraries, and a static program cannot.
std::string home_in_database(uid_t uid) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"),
                                                             std::fclose);
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  while (file && fgetpwent_r(file.get(), &entry, buffer, sizeof buffer, &found) == 0) {
    if (entry.pw_uid == uid) return entry.pw_dir[0] == '/' ? normalize(entry.pw_dir, "/") : "";
  }
  return "";
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
