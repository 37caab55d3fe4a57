#include "cli/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/try.h"

namespace cordon::cli {

namespace {

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

std::string real_path(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) ? real : "";
}

bool is_in(std::string_view path, std::string_view directory) {
  return !directory.empty() && path.starts_with(directory) &&
         (directory.ends_with('/') || path.size() == directory.size() ||
          path[directory.size()] == '/');
}

// Whoever ran in the work directory before may have left a link there, to be given what it leads to
// by the next run. Rules about paths are refused for the same reason.
Result<void> refuse_what_leads_out(int fd, const std::string& path, const std::string& work_dir) {
  const std::string root = real_path(work_dir);
  char target[PATH_MAX];
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target, PATH_MAX);
  const std::string_view file(target, static_cast<std::size_t>(std::max(size, ssize_t{0})));
  const std::string parent = real_path(path.substr(0, path.rfind('/') + 1));
  const bool named_inside = is_in(path, work_dir) || is_in(path, root) || is_in(parent, root);
  const bool has_name = file.starts_with('/');
  if (!named_inside || !has_name || is_in(file, root)) return {};
  return std::unexpected(invalid_argument(
      "--stdin", path,
      fmt::format("it leads out of the work directory, to {}; name that path itself", file)));
}

}  // namespace

Result<Input> Input::open(const std::string& path, const std::string& work_dir) {
  Input input;
  const bool own = path == "-";
  if (!own) {
    input.file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!input.file_.valid()) return std::unexpected(system_error("--stdin", path));
  }
  const int fd = own ? STDIN_FILENO : input.file_.get();
  struct stat status{};
  if (::fstat(fd, &status) != 0) return std::unexpected(system_error("--stdin", path));
  if (S_ISDIR(status.st_mode)) {
    return std::unexpected(invalid_argument("--stdin", path, "it is a directory"));
  }
  if (is_null_device(status)) return input;
  if (!own) TRY(refuse_what_leads_out(fd, path, work_dir));
  input.fd_ = fd;
  return input;
}

}  // namespace cordon::cli
