#include "native/git_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"
#include "native/paths.h"

namespace cordon::native {

namespace {

// The first line of a small regular file that is no link.
std::optional<std::string> line_of(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::array<char, 4096> buffer{};
  const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
  if (size <= 0 || size == static_cast<ssize_t>(buffer.size())) return {};
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty() || text.contains('\n') || text.contains('\0')) return {};
  return std::string(text);
}

std::optional<std::string> directory_at(const std::string& path) {
  auto location = locate(path);
  if (!location || !location->directory) return {};
  return std::move(location->path);
}

std::optional<uid_t> owner_of(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  return status.st_uid;
}

}  // namespace

std::optional<std::string> git_file_target(const std::string& git_file) {
  constexpr std::string_view kWord = "gitdir: ";
  const auto line = line_of(git_file);
  if (!line || !line->starts_with(kWord)) return {};
  return directory_at(normalize(std::string_view(*line).substr(kWord.size()), parent_of(git_file)));
}

std::optional<LinkedWorktree> linked_worktree(const std::string& work_dir) {
  const std::string git_file = work_dir + "/.git";
  const auto own = git_file_target(git_file);
  if (!own || is_beneath(*own, work_dir)) return {};
  const auto back = line_of(*own + "/gitdir");
  const auto common = line_of(*own + "/commondir");
  if (!back || !common) return {};
  const auto back_location = locate(normalize(*back, *own));
  if (!back_location || back_location->path != git_file) return {};
  const auto repository = directory_at(normalize(*common, *own));
  if (!repository || is_beneath(work_dir, *repository) ||
      parent_of(*own) != *repository + "/worktrees")
    return {};
  const auto owner = owner_of(work_dir);
  if (!owner || owner != owner_of(*own) || owner != owner_of(*repository)) return {};
  return LinkedWorktree{*own, *repository};
}

}  // namespace cordon::native
