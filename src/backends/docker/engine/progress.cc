#include "engine/progress.h"

#include "core/try.h"
#include "engine/json_access.h"
#include "engine/message.h"

namespace cordon::engine {

namespace {

constexpr std::size_t kMostLine = 1 << 20;
constexpr std::string_view kWhat = "what it does";

Result<void> take_line(std::string_view line, const ProgressSink& sink) {
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  if (line.empty()) return {};
  const boost::json::object whole = TRY(parse_object(line, kWhat));
  if (const auto* failure = member(whole, "error"); failure != nullptr) {
    std::string said = text(object(whole, "errorDetail"), "message");
    if (said.empty()) said = as_text(*failure);
    return std::unexpected(Error{.code = ErrorCode::Internal,
                                 .operation = {},
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = printable(said),
                                 .remedy = {}});
  }
  const auto& detail = object(whole, "progressDetail");
  if (sink) {
    sink({text(whole, "id"), text(whole, "status"), number(detail, "current"),
          number(detail, "total"), text(whole, "stream"), text(object(whole, "aux"), "ID")});
  }
  return {};
}

}  // namespace

Result<void> ProgressReader::feed(std::string_view bytes, const ProgressSink& sink) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    line_.append(bytes.substr(0, newline));
    if (line_.size() > kMostLine) {
      return std::unexpected(unexpected_answer(kWhat, "a line is beyond 1 MiB"));
    }
    if (newline == std::string_view::npos) return {};
    bytes.remove_prefix(newline + 1);
    TRY(take_line(line_, sink));
    line_.clear();
  }
  return {};
}

Result<void> ProgressReader::end(const ProgressSink& sink) {
  const std::string last = std::move(line_);
  line_.clear();
  return take_line(last, sink);
}

}  // namespace cordon::engine
