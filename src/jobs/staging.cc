#include "jobs/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/remove_tree.h"
#include "core/state_dir.h"
#include "core/try.h"

namespace cordon::jobs {

namespace {

constexpr std::string_view kWhat = "make a place for the job";
constexpr std::string_view kLockName = "lock";

std::unexpected<Error> failed(const std::string& path) {
  return std::unexpected(system_error(std::string(kWhat), path));
}

bool is_own(const struct stat& status) {
  return S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

// One that a stranger made could be a link to anywhere, or change under our hands.
Result<UniqueFd> open_root(const std::string& root) {
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) return failed(root);
  UniqueFd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return failed(root);
  if (is_own(status)) return fd;
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = std::string(kWhat),
                               .subject = root,
                               .sys_errno = 0,
                               .detail = "it must be a directory of this user's own, that nobody "
                                         "else may write to",
                               .remedy = "remove it, or name another place with --staging"});
}

UniqueFd open_lock(const std::string& directory, int flags) {
  const std::string path = fmt::format("{}/{}", directory, kLockName);
  return UniqueFd(::open(path.c_str(), flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600));
}

// With the root's lock held: nobody makes one meanwhile. Their locks are kept until they are gone,
// so that no two processes remove the same one.
std::vector<std::pair<std::string, UniqueFd>> dead_ones(const std::string& root) {
  std::vector<std::pair<std::string, UniqueFd>> dead;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() == kLockName) continue;
    std::string path = entry->path().string();
    // Without a lock it was never finished.
    UniqueFd lock = open_lock(path, 0);
    if (lock.valid() ? ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 : errno == ENOENT) {
      dead.emplace_back(std::move(path), std::move(lock));
    }
  }
  return dead;
}

}  // namespace

std::string default_staging_root(const std::string& shared) {
  std::string usual = fmt::format("{}/cordon-jobs-{}", shared, ::geteuid());
  struct stat status{};
  const int looked = ::lstat(usual.c_str(), &status);
  if (looked == 0 ? is_own(status) : ::access(shared.c_str(), W_OK) == 0) return usual;
  const auto variable = [](std::string_view name) -> std::optional<std::string> {
    const char* const value = ::secure_getenv(std::string(name).c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  const std::string state = default_state_dir(variable, ::geteuid());
  std::error_code error;
  std::filesystem::create_directories(state, error);
  return state + "/jobs";
}

Result<Staging> Staging::make(const std::string& root, const std::string& id,
                              std::optional<Ownership> owner) {
  const UniqueFd root_fd = TRY(open_root(root));
  UniqueFd root_lock = open_lock(root, O_CREAT);
  if (!root_lock.valid() || ::flock(root_lock.get(), LOCK_EX) != 0) return failed(root);
  const auto dead = dead_ones(root);
  // Under a name that no job can have.
  std::vector<std::string> removed;
  for (const auto& [path, lock] : dead) {
    std::string grave = path.ends_with('~') ? path : path + "~";
    if (grave == path || ::rename(path.c_str(), grave.c_str()) == 0) removed.push_back(grave);
  }

  Staging staging;
  const std::string path = fmt::format("{}/{}", root, id);
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) return failed(path);
    return std::unexpected(Error{.code = ErrorCode::Conflict,
                                 .operation = std::string(kWhat),
                                 .subject = id,
                                 .sys_errno = 0,
                                 .detail = "a job of that id is running",
                                 .remedy = {}});
  }
  staging.path_ = path;
  staging.lock_ = open_lock(path, O_CREAT | O_EXCL);
  if (!staging.lock_.valid() || ::flock(staging.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return failed(path);
  }
  root_lock.reset();
  // One whose processes still write (a container outlives its Cordon) is tried again next time.
  for (const std::string& grave : removed) (void)remove_tree(grave);

  staging.work_dir_ = path + "/work";
  if (::mkdir(staging.work_dir_.c_str(), 0700) != 0) return failed(staging.work_dir_);
  staging.work_dir_fd_.reset(
      ::open(staging.work_dir_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!staging.work_dir_fd_.valid()) return failed(staging.work_dir_);
  if (owner && ::fchown(staging.work_dir_fd_.get(), owner->uid, owner->gid) != 0) {
    return failed(staging.work_dir_);
  }
  return staging;
}

Staging::Staging(Staging&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      work_dir_(std::move(other.work_dir_)),
      lock_(std::move(other.lock_)),
      work_dir_fd_(std::move(other.work_dir_fd_)) {}

Staging::~Staging() {
  if (!path_.empty()) (void)remove_tree(path_);
}

}  // namespace cordon::jobs
