#include "core/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "core/try.h"
#include "core/unique_fd.h"

namespace cordon {

namespace {

class GivingUp {
 public:
  explicit GivingUp(const RemoveLimits& limits)
      : until_(std::chrono::steady_clock::now() + limits.patience), stop_(limits.stop) {}

  Result<void> check() const {
    if (!stop_.stop_requested() && std::chrono::steady_clock::now() < until_) return {};
    return std::unexpected(Error{ErrorCode::Unavailable, "remove a directory", "", 0,
                                 "it takes too long: somebody may be writing there", ""});
  }

 private:
  const std::chrono::steady_clock::time_point until_;
  const std::stop_token stop_;
};

Result<std::vector<std::string>> names_in(int directory, const GivingUp& giving_up) {
  // A descriptor of its own: closedir closes it, and its offset is not shared.
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return std::unexpected(system_error("list a directory to remove"));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy), closedir);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    TRY(giving_up.check());
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// Gives its owner all rights to a directory: without them nothing in it is removed, and moving it,
// which rewrites its "..", is refused. Of what was opened, never through a link: whoever may write
// there still may put one in its place at any moment. What cannot be changed fails a moment later.
void make_writable(int above, const std::string& name) {
  const UniqueFd found(openat(above, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (found.valid()) (void)!chmod(("/proc/self/fd/" + std::to_string(found.get())).c_str(), 0700);
}

class Remover {
 public:
  Remover(int top, const RemoveLimits& limits) : top_(top), giving_up_(limits) {}

  // Directories that are not empty give their children to the top one: no path grows and no
  // descriptor stays open, however deep the tree is.
  Result<void> empty() {
    for (unsigned rounds = 0; rounds < kMostRounds; ++rounds) {
      const auto names = TRY(names_in(top_, giving_up_));
      if (names.empty()) return {};
      const unsigned long before = lifted_;
      for (const std::string& name : names) TRY(remove(name));
      if (lifted_ != before) rounds = 0;  // a level deeper
    }
    return std::unexpected(Error{ErrorCode::Conflict, "remove a directory", "", 0,
                                 "somebody writes there as fast as it is removed", ""});
  }

 private:
  Result<void> remove(const std::string& name) {
    TRY(giving_up_.check());
    if (unlinkat(top_, name.c_str(), 0) == 0) return {};
    if (unlinkat(top_, name.c_str(), AT_REMOVEDIR) == 0) return {};
    struct stat status{};
    if (fstatat(top_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(status.st_mode)) {
      return std::unexpected(system_error("remove", name));
    }
    make_writable(top_, name);
    const UniqueFd directory(
        openat(top_, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) return std::unexpected(system_error("remove", name));
    for (const std::string& child : TRY(names_in(directory.get(), giving_up_))) {
      TRY(giving_up_.check());
      if (unlinkat(directory.get(), child.c_str(), 0) == 0) continue;
      if (unlinkat(directory.get(), child.c_str(), AT_REMOVEDIR) == 0) continue;
      make_writable(directory.get(), child);
      TRY(lift(directory.get(), child));
    }
    if (unlinkat(top_, name.c_str(), AT_REMOVEDIR) != 0) {
      return std::unexpected(system_error("remove", name));
    }
    return {};
  }

  // To a name that is free: whoever made the tree may have made names such as ours, and a removal
  // that was cut short has.
  Result<void> lift(int directory, const std::string& child) {
    for (;;) {
      TRY(giving_up_.check());
      const std::string lifted = "cordon-remove-" + std::to_string(lifted_++);
      if (renameat(directory, child.c_str(), top_, lifted.c_str()) == 0) return {};
      if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) {
        return std::unexpected(system_error("remove", child));
      }
    }
  }

  // In which nothing deeper was found: of a tree that nobody writes to there is one. Whoever makes
  // it deeper meanwhile has his end with the patience.
  static constexpr unsigned kMostRounds = 1000;

  const int top_;
  const GivingUp giving_up_;
  unsigned long lifted_ = 0;
};

}  // namespace

Result<void> remove_tree(const std::string& path, const RemoveLimits& limits) {
  make_writable(AT_FDCWD, path);
  const UniqueFd top(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top.valid()) return std::unexpected(system_error("remove", path));
  TRY(Remover(top.get(), limits).empty());
  if (rmdir(path.c_str()) != 0) return std::unexpected(system_error("remove", path));
  return {};
}

}  // namespace cordon
