#include "jobs/entry_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/printable.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kLongestPath = 4095;
constexpr std::size_t kLongestName = 255;

// Calls `each` with every part that is neither empty nor ".".
template <class Each>
void for_each_part(std::string_view path, Each&& each) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") each(part);
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<std::string> entry_path(std::string_view written) {
  constexpr std::size_t kShown = 200;
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument("take the entry", printable(written.substr(0, kShown)),
                                            std::move(detail)));
  };
  if (written.size() > kLongestPath) return refuse("its path is longer than 4095 bytes");
  if (written.contains('\0')) return refuse("its path has a zero byte");
  if (written.starts_with('/')) return refuse("its path begins with /");
  std::string path;
  std::size_t depth = 0;
  std::string_view wrong;
  for_each_part(written, [&](std::string_view part) {
    if (part == "..") wrong = "its path has a part ..";
    if (part.size() > kLongestName) wrong = "a part of its path is longer than 255 bytes";
    if (!path.empty()) path += '/';
    path += part;
    ++depth;
  });
  if (!wrong.empty()) return refuse(std::string(wrong));
  if (depth > kDeepest) return refuse(fmt::format("it lies deeper than {} levels", kDeepest));
  return path;
}

bool stays_beneath(std::string_view path, std::string_view target) {
  if (target.empty() || target.starts_with('/')) return false;
  // By its words alone: through other links it may mean anything, and nobody here follows it.
  auto depth = std::ranges::count(path, '/');
  bool beneath = true;
  for_each_part(target, [&](std::string_view part) {
    depth += part == ".." ? -1 : 1;
    beneath = beneath && depth >= 0;
  });
  return beneath;
}

}  // namespace cordon::jobs
