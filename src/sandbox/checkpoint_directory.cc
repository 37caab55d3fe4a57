#include "sandbox/checkpoint_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "core/id.h"
#include "core/remove_tree.h"
#include "core/trusted_path.h"
#include "core/try.h"

namespace cordon {

namespace {

namespace json = boost::json;

constexpr const char* kManifest = "manifest.json";
constexpr std::size_t kLongestManifest = 1 << 20;

Error conflict(const std::string& directory) {
  Error error = system_error("make the checkpoint's directory", directory, EEXIST);
  error.code = ErrorCode::Conflict;
  error.remedy = "a checkpoint is written to a new directory";
  return error;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

UniqueFd open_directory(int at, const char* path) {
  return UniqueFd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// Empty with errno where there is none.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), ::free);
  return real ? real.get() : "";
}

// What nobody holds a lock on has nobody who writes it any more. Another user's, or one that others
// may write in, is none of ours.
// As create() names them; a directory of somebody's own that only begins like one stays.
bool is_name_of_half(std::string_view name) {
  constexpr std::size_t kId = 36;
  if (!name.starts_with(kHalfCheckpoint)) return false;
  name.remove_prefix(kHalfCheckpoint.size());
  return name.size() == kId &&
         name.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

void remove_halves(const std::string& parent) {
  // Whoever could exchange names on the way could have something else removed.
  if (!check_way_to("make a checkpoint in", parent + "/.")) return;
  const std::unique_ptr<DIR, decltype(&::closedir)> all(::opendir(parent.c_str()), ::closedir);
  if (!all) return;
  while (const dirent* const entry = ::readdir(all.get())) {
    if (!is_name_of_half(entry->d_name)) continue;
    const UniqueFd half = open_directory(::dirfd(all.get()), entry->d_name);
    struct stat status{};
    if (half.valid() && ::fstat(half.get(), &status) == 0 && status.st_uid == ::geteuid() &&
        (status.st_mode & 07777U) == 0700 && ::flock(half.get(), LOCK_EX | LOCK_NB) == 0) {
      (void)remove_tree(parent + "/" + entry->d_name);
    }
  }
}

}  // namespace

Result<NewCheckpoint> NewCheckpoint::create(const std::string& directory) {
  const std::string given = without_slash(directory);
  struct stat there{};
  if (::lstat(given.c_str(), &there) == 0) return std::unexpected(conflict(directory));
  const std::string parent = real_path(parent_of(given));
  if (parent.empty()) {
    return std::unexpected(system_error("make the checkpoint's directory", directory));
  }
  std::string path = fmt::format("{}/{}", parent, given.substr(given.rfind('/') + 1));
  remove_halves(parent);
  // Between mkdir(2) and the lock it looks like a dead one's, and may be removed as that.
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    std::string half = fmt::format("{}/{}{}", parent, kHalfCheckpoint, TRY(make_id()));
    if (::mkdir(half.c_str(), 0700) != 0) {
      return std::unexpected(system_error("make the checkpoint's directory", directory));
    }
    UniqueFd opened = open_directory(AT_FDCWD, half.c_str());
    struct stat ours{};
    if (opened.valid() && ::flock(opened.get(), LOCK_EX | LOCK_NB) == 0 &&
        ::fstat(opened.get(), &ours) == 0 && ours.st_nlink > 0) {
      return NewCheckpoint(std::move(path), std::move(half), std::move(opened));
    }
  }
  return std::unexpected(system_error("open the checkpoint's directory", directory));
}

NewCheckpoint::~NewCheckpoint() {
  if (directory_.valid()) (void)remove_tree(half_);
}

Result<void> NewCheckpoint::finish(const json::object& manifest) {
  const std::string text = json::serialize(manifest);
  const UniqueFd file(
      ::openat(directory(), kManifest, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected(system_error("write the checkpoint's manifest", path_));
  }
  if (::renameat2(AT_FDCWD, half_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return std::unexpected(conflict(path_));
    return std::unexpected(system_error("name the checkpoint's directory", path_));
  }
  directory_.reset();
  return {};
}

Result<SavedCheckpoint> open_checkpoint(std::string_view operation, const std::string& directory) {
  if (const auto parent = real_path(parent_of(without_slash(directory))); !parent.empty()) {
    remove_halves(parent);
  }
  SavedCheckpoint saved{
      .path = real_path(directory), .directory = {}, .status = {}, .manifest = {}};
  if (saved.path.empty()) return std::unexpected(system_error(std::string(operation), directory));
  TRY(check_way_to(operation, saved.path));
  saved.directory.reset(
      ::open(saved.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!saved.directory.valid() || ::fstat(saved.directory.get(), &saved.status) != 0) {
    return std::unexpected(system_error(std::string(operation), saved.path));
  }
  TRY(check_owner_and_mode(operation, saved.path, saved.status, 0));
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument(std::string(operation), directory, std::move(detail)));
  };
  const UniqueFd file(
      ::openat(saved.directory.get(), kManifest, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return refuse(fmt::format("it has no {}, and so is no checkpoint", kManifest));
  std::string text(kLongestManifest, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return refuse(fmt::format("its {} cannot be read", kManifest));
  saved.manifest = std::move(value.get_object());
  return saved;
}

bool says(const json::object& manifest, std::string_view name, const json::value& value) {
  const json::value* const found = manifest.if_contains(name);
  return found != nullptr && *found == value;
}

}  // namespace cordon
