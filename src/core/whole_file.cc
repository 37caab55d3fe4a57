#include "core/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"
#include "core/unique_fd.h"

namespace cordon {

namespace {

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("write", path));
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::fsync(fd) != 0) return std::unexpected(system_error("write", path));
  return {};
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + "." + TRY(make_id());
  const UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return std::unexpected(system_error("write", fresh));
  Cleanup remove([&] { ::unlink(fresh.c_str()); });
  TRY(write_all(fd.get(), text, fresh));
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    return std::unexpected(system_error("write", path));
  }
  remove.release();
  return {};
}

}  // namespace cordon
