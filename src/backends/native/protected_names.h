// What runs by itself on the host, later, as the default policy names it and as a directory is laid
// out now: git directories lie where a link or a file says, and hold those of submodules and
// linked worktrees.
#pragma once

#include <string>
#include <vector>

namespace cordon::native {

struct ProtectedName {
  std::string base;  // canonical: a directory that exists
  std::string name;  // beneath it, without symbolic links; need not exist
  bool directory_may_be_made = false;
  bool harmless_git_config = false;  // may be replaced while it says nothing that runs something

  std::string path() const { return base + "/" + name; }
  bool operator==(const ProtectedName&) const = default;
};

struct ProtectedNames {
  std::vector<ProtectedName> names;
  // One of them is a symbolic link: no mount holds a link in its place.
  bool through_links = false;
};

// Costs a few system calls for each name that is there, and one for all that are not.
ProtectedNames protected_in_work_dir(const std::string& work_dir);

// The same for a git directory elsewhere.
ProtectedNames protected_in_git_directory(const std::string& git_directory);

}  // namespace cordon::native
