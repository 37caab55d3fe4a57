#include "devenv/build_log.h"

#include <fcntl.h>

#include <cerrno>

namespace cordon::devenv {

Result<BuildLog> BuildLog::open(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return std::unexpected(system_error("write the build log", path));
  return BuildLog(std::move(file));
}

void BuildLog::add(std::string_view text) {
  constexpr std::string_view kEnd = "\n[the rest was dropped]\n";
  if (left_ == 0) return;
  if (text.size() >= left_) {
    left_ = 0;
    text = kEnd;
  } else {
    left_ -= text.size();
  }
  // A disk that is full loses the log, not the build.
  while (!text.empty()) {
    const ssize_t size = ::write(file_.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace cordon::devenv
