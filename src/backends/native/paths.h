// Path arithmetic on strings, and the one look at the disk that a rule costs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/plan.h"

namespace cordon::native {

// Absolute, without ".", "..", double and trailing slashes; symbolic links are not looked at.
std::string normalize(std::string_view path, std::string_view base);

// Whether `path` is `ancestor` or lies beneath it. Both normalised.
bool is_beneath(std::string_view path, std::string_view ancestor);

// Order in which every directory comes directly before what lies beneath it.
bool tree_order(std::string_view left, std::string_view right);

std::string_view parent_of(std::string_view path);

struct Location {
  std::string path;  // canonical
  bool directory = false;
  linux_os::FileIdentity identity;
};

// Opens (O_PATH), looks at and closes `path`: name and identity belong to the same file. Errors:
// errno as open(2) gave it.
Result<Location> locate(const std::string& path);

// locate() for many paths: those of one directory, one after the other, cost one system call each.
// What it says is as old as its look at the directory; the launch compares identities.
class Locator {
 public:
  Result<Location> locate(const std::string& path);

 private:
  std::string parent_;
  UniqueFd directory_;  // of parent_; not valid if a link is on the way
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
