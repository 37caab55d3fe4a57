#include "cli/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <utility>

namespace cordon::cli {

namespace {

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

}  // namespace

Result<Input> Input::open(const std::string& path) {
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
  if (!is_null_device(status)) input.fd_ = fd;
  return input;
}

}  // namespace cordon::cli
