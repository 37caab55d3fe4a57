#include "native/protected_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"
#include "linux/kernel.h"
#include "native/directory_glance.h"
#include "native/git_file.h"
#include "native/paths.h"
#include "policy/default_policy.h"

namespace cordon::native {

namespace {

constexpr std::string_view kGit = ".git/";
// Of one work directory, submodules of submodules included. More of them are protected whole.
constexpr std::size_t kMostGitDirectories = 500;
constexpr int kDeepestModule = 8;

UniqueFd open_beneath(int top, const char* name, int flags, std::uint64_t resolve) {
  const kernel::OpenHow how{static_cast<std::uint64_t>(flags | O_CLOEXEC), 0,
                            kernel::kResolveBeneath | resolve};
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, top, name, &how, sizeof how)));
}

std::string joined(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

class Finder {
 public:
  explicit Finder(std::string top)
      : top_(std::move(top)), fd_(open(top_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  void work_directory() {
    const UniqueFd listing(openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const DirectoryGlance glance(listing.get());
    const auto may_be_there = [&](std::string_view path) {
      return !glance.complete() || glance.contains(path.substr(0, path.find('/')));
    };
    for (const DefaultEntry& entry : default_policy().protected_names) {
      add_entry(entry, entry.path, may_be_there(entry.path));
    }
    if (may_be_there("HEAD") && is_git_directory("")) {
      git_directory("");
    } else if (!may_be_there(".git")) {
      // HEAD, objects and refs make a directory a repository, with whatever its config says.
      add({top_, "HEAD"}, may_be_there("HEAD"));
    }
    if (may_be_there(".git")) follow_git();
  }

  // `directory` holds what `.git` does in an ordinary repository.
  void git_directory(const std::string& directory) {
    for (const DefaultEntry& entry : default_policy().protected_names) {
      if (!entry.path.starts_with(kGit)) continue;
      add_entry(entry, joined(directory, entry.path.substr(kGit.size())), true);
    }
    inner_git_directories(directory, 0);
  }

  ProtectedNames take() { return std::move(found_); }

 private:
  void add_entry(const DefaultEntry& entry, std::string_view path, bool may_be_there) {
    const bool may_be_made = path.ends_with('/');
    if (may_be_made) path.remove_suffix(1);
    const bool config =
        std::ranges::any_of(default_policy().git_configs,
                            [&](const DefaultEntry& each) { return each.path == entry.path; });
    add({top_, std::string(path), may_be_made, config}, may_be_there);
  }

  void add(ProtectedName name, bool may_be_there) {
    const std::string path = name.name;
    remember(name);
    if (!may_be_there) return;
    if (open_beneath(fd_.get(), path.c_str(), O_PATH, kernel::kResolveNoSymlinks).valid()) return;
    if (errno != ELOOP) return;
    found_.through_links = true;
    // Where the link leads is what runs. Outside there is nothing to write, and what is not there
    // yet could be made.
    const UniqueFd target =
        open_beneath(fd_.get(), path.c_str(), O_PATH, kernel::kResolveNoMagicLinks);
    std::string real = target.valid() ? path_of(target.get()) : link_text(path);
    if (is_beneath(real, top_) && real != top_ && real != top_ + "/" + path) {
      name.name = real.substr(top_.size() + 1);
      remember(name);
    }
  }

  void remember(const ProtectedName& name) {
    const bool known = std::ranges::find(found_.names, name) != found_.names.end();
    if (!known) found_.names.push_back(name);
  }

  static std::string path_of(int fd) {
    char target[PATH_MAX];
    const ssize_t size = readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target, PATH_MAX);
    return size > 0 && size < PATH_MAX ? std::string(target, static_cast<std::size_t>(size)) : "";
  }

  std::string link_text(const std::string& path) const {
    char target[PATH_MAX];
    const ssize_t size = readlinkat(fd_.get(), path.c_str(), target, PATH_MAX);
    if (size <= 0 || size == PATH_MAX) return "";
    return normalize(std::string_view(target, static_cast<std::size_t>(size)),
                     parent_of(top_ + "/" + path));
  }

  bool is(unsigned type, const std::string& path) const {
    struct stat status{};
    return fstatat(fd_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           (status.st_mode & S_IFMT) == type;
  }

  // As git tells one.
  bool is_git_directory(const std::string& directory) const {
    const auto there = [&](const char* name, int flags) {
      return open_beneath(fd_.get(), joined(directory, name).c_str(), flags, 0).valid();
    };
    return there("HEAD", O_PATH) && there("objects", O_PATH | O_DIRECTORY) &&
           there("refs", O_PATH | O_DIRECTORY);
  }

  // `.git` as a link or a file that names another directory.
  void follow_git() {
    std::string real;
    if (is(S_IFLNK, ".git")) {
      found_.through_links = true;
      const UniqueFd target = open_beneath(fd_.get(), ".git", O_PATH | O_DIRECTORY, 0);
      if (target.valid()) real = path_of(target.get());
    } else if (is(S_IFREG, ".git")) {
      add({top_, ".git"}, true);
      real = git_file_target(top_ + "/.git").value_or("");
    } else {
      inner_git_directories(".git", 0);
    }
    if (is_beneath(real, top_) && real != top_) git_directory(real.substr(top_.size() + 1));
  }

  // Those of linked worktrees and of submodules lie within a repository's own.
  void inner_git_directories(const std::string& directory, int depth) {
    for (const std::string& name : directories_in(joined(directory, "worktrees"))) {
      const std::string worktree = joined(directory, "worktrees/" + name);
      for (const DefaultEntry& entry : default_policy().protected_in_git_worktrees) {
        add({top_, joined(worktree, entry.path)}, true);
      }
    }
    modules(joined(directory, "modules"), depth);
  }

  // A submodule's name may have slashes in it.
  void modules(const std::string& place, int depth) {
    for (const std::string& name : directories_in(place)) {
      const std::string module = joined(place, name);
      if (++git_directories_ > kMostGitDirectories || depth > kDeepestModule) {
        add({top_, place}, true);
        return;
      }
      if (!is_git_directory(module)) {
        modules(module, depth + 1);
        continue;
      }
      for (const DefaultEntry& entry : default_policy().protected_names) {
        if (!entry.path.starts_with(kGit)) continue;
        add_entry(entry, joined(module, entry.path.substr(kGit.size())), true);
      }
      inner_git_directories(module, depth + 1);
    }
  }

  std::vector<std::string> directories_in(const std::string& place) const {
    std::vector<std::string> names;
    UniqueFd fd =
        open_beneath(fd_.get(), place.c_str(), O_RDONLY | O_DIRECTORY, kernel::kResolveNoSymlinks);
    if (!fd.valid()) return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(fdopendir(fd.get()), closedir);
    if (!directory) return names;
    (void)fd.release();
    while (const dirent* entry = readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && is(S_IFDIR, joined(place, name))) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  std::string top_;
  UniqueFd fd_;
  ProtectedNames found_;
  std::size_t git_directories_ = 0;
};

}  // namespace

ProtectedNames protected_in_work_dir(const std::string& work_dir) {
  Finder finder(work_dir);
  finder.work_directory();
  return finder.take();
}

ProtectedNames protected_in_git_directory(const std::string& git_directory) {
  Finder finder(git_directory);
  finder.git_directory("");
  return finder.take();
}

}  // namespace cordon::native
