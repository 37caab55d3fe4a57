#include "jobs/copy_file.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "core/try.h"
#include "core/write_all.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kPiece = 4 << 20;
constexpr std::size_t kBuffer = 256 << 10;

bool cannot_share(int number) {
  return number == EXDEV || number == EINVAL || number == ENOSYS || number == EOPNOTSUPP ||
         number == EPERM || number == EBADF;
}

bool clone_whole(int from, int to, std::uint64_t bytes) {
  struct stat status{};
  return ::fstat(from, &status) == 0 && static_cast<std::uint64_t>(status.st_size) == bytes &&
         ::ioctl(to, FICLONE, from) == 0;
}

Result<void> copy_by_hand(int from, int to, std::uint64_t left,
                          const std::function<Result<void>()>& piece) {
  const auto buffer = std::make_unique<char[]>(kBuffer);
  while (left > 0) {
    const std::size_t want = std::min<std::uint64_t>(left, kBuffer);
    const ssize_t size = ::read(from, buffer.get(), want);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read"));
    if (size == 0) return {};
    if (!write_all(to, {buffer.get(), static_cast<std::size_t>(size)})) {
      return std::unexpected(system_error("write"));
    }
    left -= static_cast<std::uint64_t>(size);
    TRY(piece());
  }
  return {};
}

}  // namespace

Result<void> copy_file(int from, int to, std::uint64_t bytes,
                       const std::function<Result<void>()>& piece) {
  if (bytes == 0 || clone_whole(from, to, bytes)) return {};
  std::uint64_t left = bytes;
  while (left > 0) {
    const ssize_t size =
        ::copy_file_range(from, nullptr, to, nullptr, std::min<std::uint64_t>(left, kPiece), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && cannot_share(errno) && left == bytes) {
      return copy_by_hand(from, to, bytes, piece);
    }
    if (size < 0) return std::unexpected(system_error("copy"));
    if (size == 0) return {};
    left -= static_cast<std::uint64_t>(size);
    TRY(piece());
  }
  return {};
}

}  // namespace cordon::jobs
