#include "gvisor/find_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <utility>

#include "core/unique_fd.h"
#include "gvisor/places.h"
#include "linux/kernel.h"

namespace cordon::gvisor {

namespace {

UniqueFd open_in(int rootfs, const std::string& path, std::uint64_t flags) {
  const kernel::OpenHow how{flags | O_CLOEXEC, 0, kernel::kResolveInRoot};
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, rootfs, path.c_str(), &how, sizeof how)));
}

// The program of a script's first line; empty where there is none, or nobody may read it.
std::string interpreter_of(int rootfs, const std::string& path) {
  constexpr std::size_t kLongestLine = 256;
  const UniqueFd file = open_in(rootfs, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  std::string line(kLongestLine, '\0');
  const ssize_t size = file.valid() ? ::read(file.get(), line.data(), line.size()) : 0;
  line.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (!line.starts_with("#!")) return {};
  line.resize(std::min(line.find('\n'), line.size()));
  const auto first = line.find_first_not_of(" \t", 2);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_first_of(" \t", first) - first);
}

// As execve(2) would fail, or 0.
int try_program(int rootfs, const std::string& path) {
  const UniqueFd file = open_in(rootfs, path, O_PATH);
  if (!file.valid()) return errno;
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) return EACCES;
  const std::string interpreter = interpreter_of(rootfs, path);
  if (!interpreter.starts_with('/')) return 0;
  return open_in(rootfs, interpreter, O_PATH).valid() ? 0 : errno;
}

bool is_on_host(const std::string& path) {
  // What cannot be looked at may be there, and so may what the work directory holds.
  return !path.starts_with('/') ||
         ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
         (errno != ENOENT && errno != ENOTDIR);
}

}  // namespace

std::vector<std::string> names_on_host(std::vector<std::string> candidates) {
  std::vector<std::string> there;
  std::ranges::copy_if(candidates, std::back_inserter(there), is_on_host);
  return there.empty() ? std::move(candidates) : there;
}

Result<void> find_command(int world, const std::string& work_dir, const std::string& command,
                          const std::vector<std::string>& candidates) {
  const std::string relative(place::kRootfs.substr(1));
  const UniqueFd rootfs(::openat(world, relative.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!rootfs.valid()) return std::unexpected(system_error("look into the sandbox"));
  int verdict = ENOENT;
  for (const std::string& candidate : candidates) {
    const std::string path = candidate.starts_with('/') ? candidate : work_dir + "/" + candidate;
    const int error = try_program(rootfs.get(), path);
    if (error == 0) return {};
    if (error == EACCES) verdict = error;
  }
  Error error = system_error("exec", command, verdict);
  error.code = verdict == EACCES ? ErrorCode::PermissionDenied : ErrorCode::NotFound;
  return std::unexpected(std::move(error));
}

}  // namespace cordon::gvisor
