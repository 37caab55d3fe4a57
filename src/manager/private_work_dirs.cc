#include "manager/private_work_dirs.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/remove_tree.h"
#include "core/try.h"

namespace cordon {

namespace {

// Of those that no system gives to anybody.
constexpr uid_t kNobody = 65532;

// One that a stranger made could be a link to anywhere, or change under our hands.
Result<void> check_owner(const std::string& root) {
  struct stat status{};
  if (::lstat(root.c_str(), &status) != 0) {
    return std::unexpected(system_error("open the directory for private work directories", root));
  }
  if (S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0) {
    return {};
  }
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = "open the directory for private work directories",
                               .subject = root,
                               .sys_errno = 0,
                               .detail = "it must be a directory of this user's own, that nobody "
                                         "else may write to",
                               .remedy = {}});
}

}  // namespace

Result<PrivateWorkDirs> PrivateWorkDirs::open(std::string root) {
  if (root.empty()) return PrivateWorkDirs({});
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(system_error("make the directory for private work directories", root));
  }
  TRY(check_owner(root));
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    // One that cannot be removed is no reason to serve nobody.
    (void)remove_tree(entry->path().string());
  }
  if (error) {
    return std::unexpected(system_error("list the private work directories", root, error.value()));
  }
  return PrivateWorkDirs(std::move(root));
}

std::string PrivateWorkDirs::path_of(std::string_view id) const {
  return fmt::format("{}/{}", root_, id);
}

Result<std::string> PrivateWorkDirs::make(std::string_view id) const {
  std::string path = path_of(id);
  if (::mkdir(path.c_str(), 0700) == 0) return path;
  return std::unexpected(system_error("make a private work directory", path));
}

Result<void> PrivateWorkDirs::hand_over(std::string_view id) const {
  if (::geteuid() != 0) return {};
  const std::string path = path_of(id);
  const auto give = [](const std::string& one) -> Result<void> {
    if (::lchown(one.c_str(), kNobody, kNobody) == 0) return {};
    return std::unexpected(system_error("hand over the private work directory", one));
  };
  TRY(give(path));
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(path, error), end;
       !error && entry != end; entry.increment(error)) {
    TRY(give(entry->path().string()));
  }
  if (error) {
    return std::unexpected(
        system_error("hand over the private work directory", path, error.value()));
  }
  return {};
}

// What cannot be removed now is when the next manager opens it.
void PrivateWorkDirs::remove(std::string_view id) const { (void)remove_tree(path_of(id)); }

}  // namespace cordon
