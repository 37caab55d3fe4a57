#include "store/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "core/try.h"

namespace cordon::store {

namespace {

constexpr auto kLockInterval = std::chrono::milliseconds(5);

std::unexpected<Error> refuse(ErrorCode code, const std::string& path, std::string detail,
                              std::string remedy) {
  return std::unexpected(Error{.code = code,
                               .operation = "open the state directory",
                               .subject = path,
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

Result<void> check(int directory, const std::string& path) {
  struct stat status{};
  if (::fstat(directory, &status) != 0) {
    return std::unexpected(system_error("open the state directory", path));
  }
  if (status.st_uid != ::geteuid()) {
    return refuse(ErrorCode::PermissionDenied, path, "it belongs to another user",
                  "name a directory of your own");
  }
  if ((status.st_mode & 022) != 0) {
    return refuse(ErrorCode::PermissionDenied, path, "others may write to it",
                  "chmod 700 it, once you know what is in it");
  }
  if ((status.st_mode & 077) != 0 && ::fchmod(directory, 0700) != 0) {
    return std::unexpected(system_error("close the state directory to others", path));
  }
  return {};
}

// Before anything is done to it: what is changed here would be changed under its other name.
Result<void> check_file(int file, const std::string& path) {
  struct stat status{};
  if (::fstat(file, &status) != 0) {
    return std::unexpected(system_error("open the state file", path));
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse(ErrorCode::PermissionDenied, path, "it is no regular file",
                  "move it away, once you know what it is");
  }
  if (status.st_nlink > 1) {
    return refuse(ErrorCode::PermissionDenied, path, "the file has another name, too: a hard link",
                  "remove that name, or put a copy of the file here");
  }
  return {};
}

}  // namespace

Result<StateDirectory> StateDirectory::open(std::string path, std::chrono::milliseconds patience) {
  if (!path.starts_with('/')) {
    return std::unexpected(
        invalid_argument("open the state directory", path, "its path must be absolute"));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(system_error("make the state directory", path));
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && (errno == ELOOP || errno == ENOTDIR)) {
    return refuse(ErrorCode::PermissionDenied, path, "it is a symbolic link or no directory",
                  "name the directory itself");
  }
  if (!fd.valid()) return std::unexpected(system_error("open the state directory", path));
  TRY(check(fd.get(), path));
  StateDirectory directory(std::move(path), std::move(fd));
  TRY(directory.lock(patience));
  return directory;
}

Result<void> StateDirectory::lock(std::chrono::milliseconds patience) {
  lock_ = UniqueFd(::openat(directory_.get(), "lock",
                            O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!lock_.valid()) return std::unexpected(system_error("lock the state directory", path_));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return std::unexpected(system_error("lock the state directory", path_));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return refuse(ErrorCode::Conflict, path_, "another Cordon uses it",
                    "stop that one, or name another directory");
    }
    std::this_thread::sleep_for(kLockInterval);
  }
  return {};
}

Result<std::string> StateDirectory::file(const std::string& name) const {
  std::string path = path_ + "/" + name;
  // Made here and not by SQLite: what it makes, others may read.
  // O_NONBLOCK: a pipe or a device must not keep the daemon waiting.
  const UniqueFd fd(::openat(directory_.get(), name.c_str(),
                             O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd.valid()) return std::unexpected(system_error("open the state file", path));
  TRY(check_file(fd.get(), path));
  if (::fchmod(fd.get(), 0600) != 0) {
    return std::unexpected(system_error("close the state file to others", path));
  }
  return path;
}

}  // namespace cordon::store
