#include "library/installed_program.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "core/try.h"

namespace cordon::library {

namespace {

constexpr std::string_view kWhat = "use the cordon program";

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : "";
}

// PREFIX/bin/cordon for PREFIX/lib[/...]/libcordon.so; the program itself where it is linked in.
std::vector<std::string> beside_library() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&installed_program), &info) == 0 || !info.dli_fname) {
    return {};
  }
  std::string place = real_path(info.dli_fname);
  if (place.ends_with("/cordon")) return {place};
  std::vector<std::string> places;
  // lib, lib64, or lib/x86_64-linux-gnu.
  for (int up = 0; up < 3 && !place.empty(); ++up) {
    place.resize(place.rfind('/'));
    if (up > 0) places.push_back(place + "/bin/cordon");
  }
  return places;
}

Error untrusted(const std::string& path, std::string detail, std::string remedy) {
  return {.code = ErrorCode::PermissionDenied,
          .operation = std::string(kWhat),
          .subject = path,
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

bool is_ours(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

Result<struct stat> look(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  return status;
}

Result<void> check_owner_and_mode(const std::string& path, const struct stat& status,
                                  mode_t harmless) {
  if (!is_ours(status)) {
    return std::unexpected(
        untrusted(path, fmt::format("it belongs to user {}, who could replace it", status.st_uid),
                  fmt::format("chown root {}", path)));
  }
  // Root's own group has nobody else in it.
  const mode_t others = status.st_gid == 0 ? S_IWOTH : S_IWOTH | S_IWGRP;
  if ((status.st_mode & others & ~harmless) != 0) {
    return std::unexpected(untrusted(path, "others than its owner can write there",
                                     fmt::format("chmod go-w {}", path)));
  }
  return {};
}

}  // namespace

Result<void> check_trusted(const std::string& real_path) {
  for (std::size_t end = 1; end != std::string::npos;) {
    const std::string above = real_path.substr(0, end);
    const struct stat status = TRY(look(above));
    const bool sticky = (status.st_mode & S_ISVTX) != 0;
    TRY(check_owner_and_mode(above, status, sticky ? S_IWOTH | S_IWGRP : 0));
    end = real_path.find('/', end + 1);
  }
  const struct stat file = TRY(look(real_path));
  TRY(check_owner_and_mode(real_path, file, 0));
  if (!S_ISREG(file.st_mode) || (file.st_mode & S_IXUSR) == 0) {
    return std::unexpected(
        invalid_argument(std::string(kWhat), real_path, "it is no executable file"));
  }
  return {};
}

Result<std::string> installed_program(const std::string& asked) {
  std::vector<std::string> places;
  if (!asked.empty()) {
    if (!asked.starts_with('/')) {
      return std::unexpected(
          invalid_argument(std::string(kWhat), asked, "write a path that begins with /"));
    }
    places = {asked};
  } else {
    places = beside_library();
    for (const char* directory : {CORDON_BINDIR, "/usr/local/bin", "/usr/bin"}) {
      places.push_back(fmt::format("{}/cordon", directory));
    }
  }
  for (const std::string& place : places) {
    std::string real = real_path(place);
    if (real.empty()) continue;
    TRY(check_trusted(real));
    return real;
  }
  return std::unexpected(Error{
      .code = ErrorCode::NotFound,
      .operation = std::string(kWhat),
      .subject = asked,
      .sys_errno = ENOENT,
      .detail = asked.empty() ? "it is neither beside the library nor in a system directory" : "",
      .remedy = "install it, or state its path"});
}

}  // namespace cordon::library
