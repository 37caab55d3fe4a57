#include "jobs/copy_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "jobs/copy_file.h"
#include "jobs/entry_path.h"
#include "jobs/walk_tree.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kMostLeftOut = 100;

class Copier {
 public:
  Copier(const std::string& directory, TreeWriter& writer, const Patience& patience,
         const Count& progress, std::vector<LeftOut>& left_out)
      : directory_(directory),
        writer_(writer),
        patience_(patience),
        progress_(progress),
        left_out_(left_out) {}

  Result<void> copy() {
    const UniqueFd top(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!top.valid()) return std::unexpected(system_error("take the input", directory_));
    return walk_tree(top.get(), Locked::Fail, [&](const Walked& one) -> Result<Step> {
      TRY(patience_.check());
      TRY(take(one));
      if (progress_) progress_();
      return Step::On;
    });
  }

 private:
  void leave_out(const Walked& one, std::string reason) {
    if (left_out_.size() < kMostLeftOut) left_out_.push_back({one.path, std::move(reason)});
  }

  std::unexpected<Error> failed(const Walked& one) const {
    return std::unexpected(system_error("take the input", printable(directory_ + "/" + one.path)));
  }

  Result<void> take(const Walked& one) {
    switch (one.status.st_mode & S_IFMT) {
      case S_IFDIR:
        return writer_.directory(TRY(entry_path(one.path)), one.status.st_mode);
      case S_IFREG:
        return take_file(one);
      case S_IFLNK:
        return take_link(one);
      case S_IFIFO:
        leave_out(one, "a pipe");
        return {};
      case S_IFSOCK:
        leave_out(one, "a socket");
        return {};
      default:
        leave_out(one, "a device");
        return {};
    }
  }

  Result<void> take_link(const Walked& one) {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(one.directory, one.name.c_str(), target, sizeof target);
    if (size < 0) return failed(one);
    const std::string text(target, static_cast<std::size_t>(size));
    if (!stays_beneath(one.path, text)) {
      leave_out(one, "a link that leads out, to " + text);
      return {};
    }
    return writer_.symlink(TRY(entry_path(one.path)), text);
  }

  Result<void> take_file(const Walked& one) {
    // Something else may stand there by now: a pipe would wait for a writer.
    const UniqueFd from(::openat(one.directory, one.name.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status{};
    if (!from.valid() || ::fstat(from.get(), &status) != 0) return failed(one);
    if (!S_ISREG(status.st_mode)) {
      leave_out(one, "it was replaced meanwhile");
      return {};
    }
    const std::string path = TRY(entry_path(one.path));
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    const UniqueFd to = TRY(writer_.file(path, bytes));
    auto copied = copy_file(from.get(), to.get(), bytes, [&]() -> Result<void> {
      if (progress_) progress_();
      return patience_.check();
    });
    if (!copied) {
      Error error = std::move(copied).error();
      if (error.sys_errno != 0) error.subject = printable(directory_ + "/" + one.path);
      return std::unexpected(std::move(error));
    }
    return writer_.finish(path, to, {.mode = status.st_mode, .modified = status.st_mtim});
  }

  const std::string& directory_;
  TreeWriter& writer_;
  const Patience& patience_;
  const Count& progress_;
  std::vector<LeftOut>& left_out_;
};

}  // namespace

Result<void> copy_tree(const std::string& directory, TreeWriter& writer, const Patience& patience,
                       const Count& progress, std::vector<LeftOut>& left_out) {
  return Copier(directory, writer, patience, progress, left_out).copy();
}

}  // namespace cordon::jobs
