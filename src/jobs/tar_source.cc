#include "jobs/tar_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/try.h"

namespace cordon::jobs {

Result<std::size_t> TarBytes::read(char* to, std::size_t room) const {
  while (true) {
    TRY(patience_.wait_readable(source_.fd));
    const ssize_t size = ::read(source_.fd, to, room);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EINTR || errno == EAGAIN) continue;
    return std::unexpected(system_error("read the tar"));
  }
}

Result<std::string_view> TarBytes::front(std::size_t size) {
  if (source_.fd < 0) return source_.data.substr(0, size);
  buffer_.resize(kSourceBlock);
  while (kept_ < size) {
    const std::size_t more = TRY(read(buffer_.data() + kept_, buffer_.size() - kept_));
    if (more == 0) break;
    kept_ += more;
  }
  return std::string_view(buffer_).substr(0, std::min(size, kept_));
}

Result<std::string_view> TarBytes::next() {
  TRY(patience_.check());
  if (source_.fd < 0) {
    const std::string_view block = source_.data.substr(taken_, kSourceBlock);
    taken_ += block.size();
    return block;
  }
  buffer_.resize(kSourceBlock);
  const std::size_t size =
      kept_ > 0 ? std::exchange(kept_, 0) : TRY(read(buffer_.data(), buffer_.size()));
  return std::string_view(buffer_).substr(0, size);
}

}  // namespace cordon::jobs
