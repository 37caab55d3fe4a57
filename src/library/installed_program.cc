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

#include "core/trusted_path.h"
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

}  // namespace

Result<void> check_trusted(const std::string& real_path) {
  TRY(check_way_to(kWhat, real_path));
  struct stat file{};
  if (::lstat(real_path.c_str(), &file) != 0) {
    return std::unexpected(system_error(std::string(kWhat), real_path));
  }
  TRY(check_owner_and_mode(kWhat, real_path, file, 0));
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
