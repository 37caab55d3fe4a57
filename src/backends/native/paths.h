// Path arithmetic on strings, and the one look at the disk that a rule costs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/plan.h"
#include "native/directory_names.h"

namespace cordon::native {

// Whether normalize() would change nothing. False of the root.
bool is_normal(std::string_view path);

// Absolute, without ".", "..", double and trailing slashes; symbolic links are not looked at.
std::string normalize(std::string_view path, std::string_view base);

// Whether `path` is `ancestor` or lies beneath it. Both normalised.
bool is_beneath(std::string_view path, std::string_view ancestor);

std::size_t common_prefix(std::string_view left, std::string_view right);

// Order in which every directory comes directly before what lies beneath it.
bool tree_order(std::string_view left, std::string_view right);

std::string_view parent_of(std::string_view path);

struct Location {
  std::string path;  // canonical
  bool directory = false;
  std::optional<linux_os::FileIdentity> identity;
};

// Opens (O_PATH), looks at and closes `path`: name and identity belong to the same file. Errors:
// errno as open(2) gave it.
Result<Location> locate(const std::string& path);

// locate() for many paths: those of one directory, one after the other, cost one system call each,
// and where they are many next to none; the identity is then left out. What it says is as old as
// its look at the directory; the launch compares identities.
class Locator {
 public:
  Result<Location> locate(const std::string& path);
  // Always with the identity.
  Result<Location> identify(const std::string& path);

 private:
  void enter(std::string_view parent);

  std::string parent_;
  UniqueFd directory_;    // of parent_; not valid if a link is on the way
  int asked_ = 0;         // for names in it, one after the other
  DirectoryNames names_;  // in it, once it was asked for some
};

// locate() at a quarter of the cost for a path whose parent directories are no symbolic links, such
// as /usr or /dev/null; only the last name may be one.
Result<Location> locate_direct(const std::string& path);

// `name` below the directory `fd`, which is `base`: fails (ELOOP) on any symbolic link, and never
// leaves it.
Result<Location> locate_beneath(int fd, const std::string& base, const char* name);

// Symbolic links met while walking `path`: (place, target as written in the link). Bounded at 40.
std::vector<std::pair<std::string, std::string>> links_on_the_way(const std::string& path);

}  // namespace cordon::native
