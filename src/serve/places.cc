#include "serve/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace cordon::serve {

namespace {

std::string absolute_or_nothing(const std::optional<std::string>& value) {
  return value && value->starts_with('/') ? *value : std::string();
}

}  // namespace

std::string default_socket(const Variables& variable, unsigned uid, const std::string& state_dir) {
  if (uid == 0) return "/run/cordon.sock";
  const std::string runtime = absolute_or_nothing(variable("XDG_RUNTIME_DIR"));
  return (runtime.empty() ? state_dir : runtime) + "/cordon.sock";
}

Result<void> make_state_dir(const std::string& path) {
  const std::filesystem::path directory(path);
  std::error_code error;
  std::filesystem::create_directories(directory.parent_path(), error);
  if (error) return std::unexpected(system_error("make the state directory", path, error.value()));
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
    return std::unexpected(system_error("make the state directory", path));
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0) {
    return std::unexpected(system_error("look at the state directory", path));
  }
  // Who can write there decides what this daemon believes to have run.
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = "use as state directory",
                                 .subject = path,
                                 .sys_errno = 0,
                                 .detail = "it is no directory that this user alone can write to",
                                 .remedy = "chmod 0700 it, or give another with --state-dir"});
  }
  return {};
}

}  // namespace cordon::serve
