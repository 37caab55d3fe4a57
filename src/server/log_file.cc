#include "server/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "core/try.h"

namespace cordon::server {

Result<LogFile> LogFile::open(std::string path, std::uint64_t most_bytes) {
  LogFile file(std::move(path), most_bytes);
  TRY(file.begin());
  return file;
}

Result<void> LogFile::begin() {
  UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error("open the log", path_));
  }
  fd_ = std::move(fd);
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

// Where that fails the file goes on: a log too long is better than none.
void LogFile::turn_over() {
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) == 0) (void)begin();
}

void LogFile::append(std::string_view line) {
  const std::lock_guard lock(*mutex_);
  if (size_ > 0 && size_ + line.size() > most_bytes_ / 2) turn_over();
  // One write(2): a reader never sees half a line.
  const ssize_t written = ::write(fd_.get(), line.data(), line.size());
  if (written > 0) size_ += static_cast<std::uint64_t>(written);
}

}  // namespace cordon::server
