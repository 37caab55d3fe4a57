#include "native/work_dir.h"

#include <fmt/format.h>

#include "native/paths.h"
#include "policy/default_policy.h"

namespace cordon::native {

Result<void> check_place_of_work_dir(const std::string& path) {
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument("use the work directory", path, std::move(detail)));
  };
  if (path == "/") return refuse("the whole file system cannot be one; choose a directory in it");
  for (const DefaultEntry& entry : default_policy().forbidden_work_dirs) {
    if (is_beneath(path, entry.path)) {
      return refuse(fmt::format("not beneath {}: {}", entry.path, entry.reason));
    }
  }
  for (const DefaultEntry& entry : default_policy().shared_places) {
    if (path == entry.path) {
      return refuse(fmt::format("{}; choose a directory in it", entry.reason));
    }
  }
  return {};
}

}  // namespace cordon::native
