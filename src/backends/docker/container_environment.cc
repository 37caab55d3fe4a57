#include "docker/container_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/try.h"

namespace cordon::docker {

namespace {

// What the defaults say where nobody else does.
constexpr std::array<std::string_view, 3> kImagesOwn = {"PATH", "LANG", "SHELL"};

std::pair<std::string, std::string> split(const std::string& entry) {
  const auto equals = entry.find('=');
  if (equals == std::string::npos) return {entry, ""};
  return {entry.substr(0, equals), entry.substr(equals + 1)};
}

bool is_stated(const EnvironmentRules& rules, std::string_view name) {
  return std::ranges::find(rules.pass, name) != rules.pass.end() ||
         std::ranges::any_of(rules.set, [&](const auto& one) { return one.first == name; });
}

}  // namespace

Result<std::vector<std::string>> container_environment(const EnvironmentRules& rules,
                                                       const GuestSurroundings& guest,
                                                       const std::vector<std::string>& image,
                                                       const char* const* caller) {
  std::map<std::string, std::string> variables;
  for (const std::string& entry : image) {
    auto [name, value] = split(entry);
    if (!name.empty()) variables.insert_or_assign(std::move(name), std::move(value));
  }
  for (const std::string& entry : TRY(build_environment(rules, guest, caller))) {
    auto [name, value] = split(entry);
    const bool images = std::ranges::find(kImagesOwn, name) != kImagesOwn.end() &&
                        variables.contains(name) && !is_stated(rules, name);
    if (!images) {
      variables.insert_or_assign(std::move(name), std::move(value));
    } else if (name == "PATH") {
      std::string path;
      for (const std::string& directory : rules.path) path += directory + ":";
      variables[name].insert(0, path);
    }
  }
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) {
    environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

}  // namespace cordon::docker
