#include "gvisor/runsc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "core/trusted_path.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "gvisor/go_sources.h"
#include "native/paths.h"

namespace cordon::gvisor {

namespace {

constexpr std::string_view kUse = "use gVisor's runsc";
constexpr std::array<std::string_view, 6> kPlaces = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

Result<native::Location> look() {
  for (const std::string_view directory : kPlaces) {
    const std::string path = fmt::format("{}/runsc", directory);
    if (::access(path.c_str(), X_OK) == 0) return native::locate(path);
  }
  return std::unexpected(
      Error{.code = ErrorCode::Unsupported,
            .operation = std::string(kUse),
            .subject = {},
            .sys_errno = 0,
            .detail = "there is none in /usr/bin, /usr/local/bin or their like",
            .remedy = "`sudo apt install runsc`, or https://gvisor.dev/docs/user_guide/install"});
}

Result<void> look_into(const std::string& path, Runsc& runsc) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || status.st_size <= 0) {
    return std::unexpected(system_error(std::string(kUse), path));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) return std::unexpected(system_error(std::string(kUse), path));
  const std::string_view names = source_names({static_cast<const char*>(bytes), size});
  runsc.platforms = platforms_of(names);
  runsc.counts_tasks = can_count_tasks(names);
  ::munmap(bytes, size);
  return {};
}

}  // namespace

bool can_count_tasks(std::string_view program) {
  // The names of its source files are in every Go program, for its stack traces.
  constexpr std::string_view kSource = "pkg/sentry/fsimpl/cgroupfs/pids.go";
  return ::memmem(program.data(), program.size(), kSource.data(), kSource.size()) != nullptr;
}

Result<Runsc> find_runsc() {
  const native::Location found = TRY(look());
  TRY(check_way_to(kUse, found.path));
  struct stat status{};
  if (::stat(found.path.c_str(), &status) != 0) {
    return std::unexpected(system_error(std::string(kUse), found.path));
  }
  TRY(check_owner_and_mode(kUse, found.path, status, 0));
  Runsc runsc;
  runsc.path = found.path;
  if (found.identity) runsc.identity = *found.identity;
  TRY(look_into(found.path, runsc));
  return runsc;
}

}  // namespace cordon::gvisor
