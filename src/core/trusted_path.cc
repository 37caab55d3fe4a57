#include "core/trusted_path.h"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/try.h"

namespace cordon {

namespace {

constexpr int kMostLinks = 40;  // as the kernel

Error untrusted(std::string_view operation, const std::string& path, std::string detail,
                std::string remedy) {
  return {.code = ErrorCode::PermissionDenied,
          .operation = std::string(operation),
          .subject = path,
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

bool is_ours(uid_t owner) {
  if (owner == 0 || owner == ::geteuid()) return true;
  // In a user namespace that does not map root, root's files belong to somebody else: to whom the
  // root directory does.
  struct stat root{};
  return ::stat("/", &root) == 0 && owner == root.st_uid;
}

class Way {
 public:
  Way(std::string_view operation, const std::string& path) : operation_(operation), rest_(path) {}

  Result<void> check() {
    if (!rest_.starts_with('/')) {
      char here[PATH_MAX];
      if (!::getcwd(here, sizeof here)) return fail(".");
      rest_ = fmt::format("{}/{}", here, rest_);
    }
    TRY(enter("/"));
    for (std::string name = next(); !name.empty(); name = next()) TRY(step(name));
    return {};
  }

 private:
  std::unexpected<Error> fail(const std::string& path) const {
    return std::unexpected(system_error(std::string(operation_), path));
  }

  // Empty at the end.
  std::string next() {
    const std::size_t begin = rest_.find_first_not_of('/');
    if (begin == std::string::npos) return {};
    const std::size_t end = rest_.find('/', begin);
    std::string name = rest_.substr(begin, end - begin);
    rest_ = end == std::string::npos ? "" : rest_.substr(end);
    return name;
  }

  Result<void> enter(const std::string& directory) {
    struct stat status{};
    if (::lstat(directory.c_str(), &status) != 0) return fail(directory);
    const bool sticky = (status.st_mode & S_ISVTX) != 0;
    return check_owner_and_mode(operation_, directory, status,
                                sticky ? mode_t{S_IWOTH | S_IWGRP} : mode_t{0});
  }

  Result<void> step(const std::string& name) {
    if (name == ".") return {};
    if (name == "..") {
      // Above a directory that was entered lie only those that were entered before.
      const std::size_t slash = place_.rfind('/');
      place_.resize(slash == std::string::npos ? 0 : slash);
      return {};
    }
    const std::string path = fmt::format("{}/{}", place_, name);
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return fail(path);
    if (S_ISLNK(status.st_mode)) return follow(path, status);
    if (!S_ISDIR(status.st_mode)) return {};
    place_ = path;
    // What stands at the end is for the caller to judge.
    return rest_.find_first_not_of('/') == std::string::npos ? Result<void>{} : enter(path);
  }

  Result<void> follow(const std::string& path, const struct stat& status) {
    if (++links_ > kMostLinks) {
      return std::unexpected(system_error(std::string(operation_), path, ELOOP));
    }
    // Nobody writes into a link, whatever its mode says; its owner can replace it.
    TRY(check_owner_and_mode(operation_, path, status, S_IWOTH | S_IWGRP));
    char text[PATH_MAX];
    const ssize_t size = ::readlink(path.c_str(), text, sizeof text);
    if (size < 0) return fail(path);
    rest_ = fmt::format("{}/{}", std::string_view(text, static_cast<std::size_t>(size)), rest_);
    if (rest_.starts_with('/')) place_.clear();
    return {};
  }

  std::string_view operation_;
  std::string rest_;   // what is still to be gone
  std::string place_;  // the directory that we are in, without links; "" is the root
  int links_ = 0;
};

}  // namespace

Result<void> check_owner_and_mode(std::string_view operation, const std::string& path,
                                  const struct stat& status, mode_t harmless) {
  if (!is_ours(status.st_uid)) {
    return std::unexpected(untrusted(
        operation, path,
        fmt::format("it belongs to user {}, who could replace what is there", status.st_uid),
        fmt::format("chown root {}", path)));
  }
  // Root's own group has nobody else in it.
  const mode_t others = status.st_gid == 0 ? S_IWOTH : S_IWOTH | S_IWGRP;
  if ((status.st_mode & others & ~harmless) != 0) {
    return std::unexpected(untrusted(operation, path, "others than its owner can write there",
                                     fmt::format("chmod go-w {}", path)));
  }
  return {};
}

Result<void> check_way_to(std::string_view operation, const std::string& path) {
  return Way(operation, path).check();
}

}  // namespace cordon
