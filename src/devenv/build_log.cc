#include "devenv/build_log.h"

#include <fcntl.h>

#include "core/write_all.h"

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
  (void)write_all(file_.get(), text);
}

}  // namespace cordon::devenv
