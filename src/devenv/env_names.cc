#include "devenv/env_names.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "devenv/sha256.h"

namespace cordon::devenv {

std::string env_id(std::string_view project_dir, std::string_view dockerfile) {
  constexpr std::size_t kDigits = 16;
  Sha256 hash;
  hash.add_field(fmt::format("{}", ::geteuid()));
  hash.add_field(project_dir);
  hash.add_field(dockerfile);
  return hash.hex().substr(0, kDigits);
}

std::string kept_container_id(std::string_view project_dir) {
  return env_id(project_dir, "container");
}

std::string image_repository(std::string_view project_dir, std::string_view id) {
  constexpr std::size_t kMostName = 40;
  while (project_dir.ends_with('/')) project_dir.remove_suffix(1);
  const auto slash = project_dir.rfind('/');
  if (slash != std::string_view::npos) project_dir.remove_prefix(slash + 1);
  std::string name;
  for (const char c : project_dir) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    if (letter || capital) {
      name += capital ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty() && !name.ends_with('-')) {
      name += '-';
    }
    if (name.size() == kMostName) break;
  }
  if (name.empty()) name = "project";
  if (!name.ends_with('-')) name += '-';
  return fmt::format("{}{}{}", kImagePrefix, name, id);
}

}  // namespace cordon::devenv
