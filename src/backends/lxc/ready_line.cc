#include "lxc/ready_line.h"

#include <cerrno>
#include <charconv>

#include "core/printable.h"

namespace cordon::lxc {

namespace {

constexpr std::string_view kReady = "cordon-instance ready";
constexpr std::string_view kFailed = "cordon-instance failed ";
constexpr std::size_t kMostLine = 4096;

Error not_started(std::string detail) {
  return {.code = ErrorCode::Unsupported,
          .operation = "start the program that builds the walls in the instance",
          .subject = {},
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = {}};
}

Error failure(std::string_view said) {
  int number = 0;
  const auto read = std::from_chars(said.data(), said.data() + said.size(), number);
  std::string_view words(read.ptr, static_cast<std::size_t>(said.data() + said.size() - read.ptr));
  if (words.starts_with(' ')) words.remove_prefix(1);
  constexpr std::string_view kRun = "run ";
  if (words.starts_with(kRun)) {
    return system_error("exec", printable(words.substr(kRun.size())), number);
  }
  Error error = system_error("build the walls in the instance", {}, number);
  error.code = ErrorCode::Unsupported;
  error.detail = printable(words);
  return error;
}

}  // namespace

std::string_view ReadyLine::feed(std::string_view bytes) {
  if (decided()) return bytes;
  const auto end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  if (end == std::string_view::npos) {
    if (line_.size() > kMostLine) this->end();
    return {};
  }
  while (line_.ends_with('\r')) line_.pop_back();
  if (line_ == kReady) {
    outcome_.emplace();
  } else if (line_.starts_with(kFailed)) {
    outcome_ = std::unexpected(failure(std::string_view(line_).substr(kFailed.size())));
  } else {
    this->end();
  }
  return bytes.substr(end + 1);
}

void ReadyLine::end() {
  if (decided()) return;
  outcome_ = std::unexpected(
      not_started(line_.empty() ? "it said nothing" : "it said: " + printable(line_)));
}

}  // namespace cordon::lxc
