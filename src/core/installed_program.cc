#include "core/installed_program.h"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <array>

namespace cordon {

namespace {

std::string own_directory() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  if (size <= 0) return {};
  const std::string path(buffer.data(), static_cast<std::size_t>(size));
  return path.substr(0, path.rfind('/'));
}

}  // namespace

Result<std::string> find_installed_program(std::string_view name) {
  const std::string own = own_directory();
  for (const std::string& place :
       {own, own + "/../libexec/cordon", std::string(CORDON_LIBEXECDIR "/cordon")}) {
    std::string path = fmt::format("{}/{}", place, name);
    if (::access(path.c_str(), X_OK) != 0) continue;
    std::array<char, PATH_MAX> canonical{};
    return ::realpath(path.c_str(), canonical.data()) != nullptr ? canonical.data() : path;
  }
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "find Cordon's own program",
                               .subject = fmt::format("{}/cordon/{}", CORDON_LIBEXECDIR, name),
                               .sys_errno = 0,
                               .detail = "it is not there",
                               .remedy = "install Cordon whole"});
}

}  // namespace cordon
