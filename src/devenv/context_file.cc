#include "devenv/context_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/try.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kPiece = 256 << 10;

Error changed(const std::string& path) {
  return {.code = ErrorCode::Conflict,
          .operation = "read for the build",
          .subject = path,
          .sys_errno = 0,
          .detail = "it was changed meanwhile",
          .remedy = "build again when nobody writes there"};
}

}  // namespace

UniqueFd open_beneath(const UniqueFd& directory, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  while (true) {
    const long fd = ::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how);
    if (fd < 0 && errno == EINTR) continue;
    return UniqueFd(static_cast<int>(fd));
  }
}

Result<UniqueFd> open_entry(const UniqueFd& directory, const ContextEntry& entry) {
  UniqueFd file = open_beneath(directory, entry.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.valid()) {
    if (errno == ELOOP || errno == ENOENT || errno == EXDEV || errno == ENOTDIR) {
      return std::unexpected(changed(entry.path));
    }
    return std::unexpected(system_error("read for the build", entry.path));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != entry.size) {
    return std::unexpected(changed(entry.path));
  }
  return file;
}

Result<std::string> read_link(const UniqueFd& directory, const ContextEntry& entry) {
  const UniqueFd link = open_beneath(directory, entry.path, O_PATH | O_NOFOLLOW);
  std::array<char, PATH_MAX> target;
  const ssize_t size =
      link.valid() ? ::readlinkat(link.get(), "", target.data(), target.size()) : -1;
  if (size < 0 || static_cast<std::size_t>(size) == target.size()) {
    return std::unexpected(changed(entry.path));
  }
  return std::string(target.data(), static_cast<std::size_t>(size));
}

Result<std::string_view> read_piece(const UniqueFd& file, std::string& buffer, std::uint64_t most,
                                    const std::string& path) {
  buffer.resize(kPiece);
  while (true) {
    const ssize_t size =
        ::read(file.get(), buffer.data(), std::min<std::uint64_t>(most, buffer.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read for the build", path));
    if (size == 0) return std::unexpected(changed(path));
    return std::string_view(buffer).substr(0, static_cast<std::size_t>(size));
  }
}

}  // namespace cordon::devenv
