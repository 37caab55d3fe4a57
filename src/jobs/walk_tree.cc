#include "jobs/walk_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "core/printable.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "jobs/entry_path.h"

namespace cordon::jobs {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

struct Level {
  std::unique_ptr<DIR, CloseDirectory> directory;
  std::size_t path_length = 0;  // of the path that leads here, with its slash
};

constexpr int kList = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

UniqueFd open_directory(int above, const std::string& name, Locked locked) {
  UniqueFd fd(::openat(above, name.c_str(), kList));
  if (fd.valid() || errno != EACCES || locked == Locked::Fail) return fd;
  const UniqueFd found(
      ::openat(above, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!found.valid()) return {};
  if (::chmod(fmt::format("/proc/self/fd/{}", found.get()).c_str(), 0700) != 0) return {};
  return UniqueFd(::openat(above, name.c_str(), kList));
}

class Walker {
 public:
  Walker(Locked locked, const std::function<Result<Step>(const Walked&)>& visit)
      : locked_(locked), visit_(visit) {}

  Result<void> walk(int top) {
    TRY(push(UniqueFd(::openat(top, ".", kList))));
    while (!levels_.empty()) {
      path_.resize(levels_.back().path_length);
      const dirent* entry = ::readdir(levels_.back().directory.get());
      if (entry == nullptr) {
        levels_.pop_back();
        continue;
      }
      name_ = entry->d_name;
      if (name_ == "." || name_ == "..") continue;
      if (TRY(look()) == Step::End) return {};
    }
    return {};
  }

 private:
  Result<void> push(UniqueFd fd) {
    if (!fd.valid()) return std::unexpected(system_error("list", printable(path_)));
    std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
    if (!directory) return std::unexpected(system_error("list", printable(path_)));
    (void)fd.release();
    levels_.push_back({std::move(directory), path_.size()});
    return {};
  }

  Result<Step> look() {
    const int above = ::dirfd(levels_.back().directory.get());
    struct stat status{};
    if (::fstatat(above, name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return Step::On;
    path_ += name_;
    const Step step = TRY(visit_({above, name_, path_, status}));
    if (step != Step::On || !S_ISDIR(status.st_mode)) return step;
    if (levels_.size() > kDeepest) {
      return std::unexpected(Error{.code = ErrorCode::ResourceExhausted,
                                   .operation = "list",
                                   .subject = printable(std::string_view(path_).substr(0, 200)),
                                   .sys_errno = 0,
                                   .detail = fmt::format("deeper than {} levels", kDeepest),
                                   .remedy = {}});
    }
    UniqueFd inner = open_directory(above, name_, locked_);
    if (!inner.valid() && errno == ENOENT) return Step::On;
    path_ += '/';
    TRY(push(std::move(inner)));
    return Step::On;
  }

  Locked locked_;
  const std::function<Result<Step>(const Walked&)>& visit_;
  std::vector<Level> levels_;
  std::string path_;
  std::string name_;
};

}  // namespace

Result<void> walk_tree(int top, Locked locked,
                       const std::function<Result<Step>(const Walked&)>& visit) {
  return Walker(locked, visit).walk(top);
}

}  // namespace cordon::jobs
