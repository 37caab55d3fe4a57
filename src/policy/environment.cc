#include "policy/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/try.h"

namespace cordon {

namespace {

Result<void> check_name(std::string_view rule, const std::string& name) {
  const auto refuse = [&](std::string detail) {
    return std::unexpected(
        invalid_argument(std::string(rule), fmt::format("\"{}\"", name), std::move(detail)));
  };
  if (name.empty()) return refuse("a variable needs a name");
  if (name.contains('=')) return refuse("a variable's name cannot contain '='");
  if (name.contains('\0')) return refuse("a variable's name cannot contain a NUL byte");
  return {};
}

// The guest's programs look this name up in a database; anything unusual is more likely an attack
// on a terminal library than a terminal.
bool is_sane_terminal_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '+' || c == '.' || c == '_';
  });
}

// execve(2) takes no string longer than this: 32 pages, its final NUL included.
std::size_t longest_string() {
  const long page = ::sysconf(_SC_PAGESIZE);
  return 32 * static_cast<std::size_t>(page > 0 ? page : 4096) - 1;
}

}  // namespace

Result<std::vector<std::string>> build_environment(const EnvironmentRules& rules,
                                                   const GuestSurroundings& guest,
                                                   const char* const* caller_environment) {
  std::map<std::string, std::string, std::less<>> variables = {
      {"HOME", guest.home},    {"LANG", "C.UTF-8"},
      {"LOGNAME", guest.user}, {"PATH", std::string(kDefaultPath)},
      {"PWD", guest.work_dir}, {"SHELL", "/bin/sh"},
      {"TMPDIR", "/tmp"},      {"USER", guest.user},
  };

  std::string path;
  for (const auto& directory : rules.path) {
    if (!directory.starts_with('/') || directory.contains(':') || directory.contains('\0')) {
      return std::unexpected(invalid_argument(
          "search programs in", directory.substr(0, 200),
          "a directory of PATH begins with / and contains neither ':' nor a NUL byte"));
    }
    path += directory + ":";
  }
  variables["PATH"].insert(0, path);

  for (const auto& name : rules.pass) TRY(check_name("pass the environment variable", name));
  const std::unordered_set<std::string_view> wanted(rules.pass.begin(), rules.pass.end());
  std::unordered_set<std::string_view> seen;
  for (; caller_environment != nullptr && *caller_environment != nullptr; ++caller_environment) {
    const std::string_view entry = *caller_environment;
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    const auto name = entry.substr(0, equals);
    const auto value = entry.substr(equals + 1);
    const bool passed = wanted.contains(name) || (name == "TERM" && is_sane_terminal_name(value));
    // Of a name that is there twice the first counts, as for getenv(3).
    if (!passed || !seen.insert(name).second) continue;
    variables.insert_or_assign(std::string(name), std::string(value));
  }

  for (const auto& [name, value] : rules.set) {
    TRY(check_name("set the environment variable", name));
    if (value.contains('\0')) {
      return std::unexpected(invalid_argument("set the environment variable", name,
                                              "its value cannot contain a NUL byte"));
    }
    variables.insert_or_assign(name, value);
  }

  const std::size_t longest = longest_string();
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) {
    if (name.size() + 1 + value.size() > longest) {
      return std::unexpected(invalid_argument(
          "set the environment variable", name.substr(0, 64),
          fmt::format("name and value have {} bytes, and the kernel takes at most {}",
                      name.size() + 1 + value.size(), longest)));
    }
    environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

}  // namespace cordon
