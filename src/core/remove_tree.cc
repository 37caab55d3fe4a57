#include "core/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "core/try.h"
#include "core/unique_fd.h"

namespace cordon {

namespace {

Result<std::vector<std::string>> names_in(int directory) {
  // A descriptor of its own: closedir closes it, and its offset is not shared.
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return std::unexpected(system_error("list a directory to remove"));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy), closedir);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

class Remover {
 public:
  explicit Remover(int top) : top_(top) {}

  // Directories that are not empty give their children to the top one: no path grows and no
  // descriptor stays open, however deep the tree is.
  Result<void> empty() {
    for (;;) {
      const auto names = TRY(names_in(top_));
      if (names.empty()) return {};
      for (const std::string& name : names) TRY(remove(name));
    }
  }

 private:
  Result<void> remove(const std::string& name) {
    if (unlinkat(top_, name.c_str(), 0) == 0) return {};
    if (unlinkat(top_, name.c_str(), AT_REMOVEDIR) == 0) return {};
    struct stat status{};
    if (fstatat(top_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(status.st_mode)) {
      return std::unexpected(system_error("remove", name));
    }
    // If this fails, so does the open below, which says why.
    (void)!fchmodat(top_, name.c_str(), 0700, 0);
    const UniqueFd directory(
        openat(top_, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) return std::unexpected(system_error("remove", name));
    for (const std::string& child : TRY(names_in(directory.get()))) {
      if (unlinkat(directory.get(), child.c_str(), 0) == 0) continue;
      if (unlinkat(directory.get(), child.c_str(), AT_REMOVEDIR) == 0) continue;
      // Moving a directory rewrites its "..": it must be writable by its owner.
      (void)!fchmodat(directory.get(), child.c_str(), 0700, 0);
      if (!lift(directory.get(), child)) return std::unexpected(system_error("remove", child));
    }
    if (unlinkat(top_, name.c_str(), AT_REMOVEDIR) != 0) {
      return std::unexpected(system_error("remove", name));
    }
    return {};
  }

  // To a name that is free: whoever made the tree may have made names such as ours, and a removal
  // that was cut short has.
  bool lift(int directory, const std::string& child) {
    for (;;) {
      const std::string lifted = "cordon-remove-" + std::to_string(lifted_++);
      if (renameat(directory, child.c_str(), top_, lifted.c_str()) == 0) return true;
      if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) return false;
    }
  }

  int top_;
  unsigned long lifted_ = 0;
};

}  // namespace

Result<void> remove_tree(const std::string& path) {
  (void)!chmod(path.c_str(), 0700);
  const UniqueFd top(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top.valid()) return std::unexpected(system_error("remove", path));
  TRY(Remover(top.get()).empty());
  if (rmdir(path.c_str()) != 0) return std::unexpected(system_error("remove", path));
  return {};
}

}  // namespace cordon
