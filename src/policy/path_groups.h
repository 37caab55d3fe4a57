// Paths that were used one by one, as rules for the directories they lie in, where there are many.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace cordon {

class PathGroups {
 public:
  // From so many entries of one directory on, the rule is about the directory.
  static constexpr std::size_t kGroup = 4;

  // Whether a rule may be about this directory at all.
  using MayGroup = std::function<bool(const std::string& directory)>;

  void add(const std::string& path, const std::string& who) { used_[path].insert(who); }
  bool empty() const { return used_.empty(); }

  // Path and who needed it. No path lies beneath another.
  std::map<std::string, std::set<std::string>> grouped(const MayGroup& may_group) const;

 private:
  std::map<std::string, std::set<std::string>> used_;
};

// Whether `path` is `ancestor` or lies beneath it. Both normalised.
bool lies_in(std::string_view path, std::string_view ancestor);

// "/" of what lies in the root.
std::string directory_of(std::string_view path);

}  // namespace cordon
