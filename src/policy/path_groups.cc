#include "policy/path_groups.h"

#include <algorithm>
#include <vector>

namespace cordon {

namespace {

using Used = std::map<std::string, std::set<std::string>>;

// A rule for a directory is one for all that lies in it.
void absorb(Used& used) {
  for (auto it = used.begin(); it != used.end();) {
    std::string above = it->first;
    auto found = used.end();
    while (above != "/" && found == used.end()) {
      above = directory_of(above);
      found = used.find(above);
    }
    if (found == used.end()) {
      ++it;
    } else {
      found->second.insert(it->second.begin(), it->second.end());
      it = used.erase(it);
    }
  }
}

// The deepest directory with enough entries; empty: there is none.
std::string deepest_full(const Used& used, const PathGroups::MayGroup& may_group) {
  std::map<std::string, std::size_t> entries;
  for (const auto& [path, who] : used) ++entries[directory_of(path)];
  std::string deepest;
  auto depth = [](const std::string& path) { return std::ranges::count(path, '/'); };
  for (const auto& [directory, count] : entries) {
    if (count < PathGroups::kGroup || !may_group(directory)) continue;
    if (deepest.empty() || depth(directory) > depth(deepest)) deepest = directory;
  }
  return deepest;
}

}  // namespace

bool lies_in(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return true;
  return path.starts_with(ancestor) &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

std::string directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash));
}

Used PathGroups::grouped(const MayGroup& may_group) const {
  Used used = used_;
  absorb(used);
  for (std::string next; !(next = deepest_full(used, may_group)).empty();) {
    used[next];
    absorb(used);
  }
  return used;
}

}  // namespace cordon
