#include "client/sse_reader.h"

#include <utility>

namespace cordon::client {

namespace {

// The daemon cuts output into events of about 64 KiB.
constexpr std::size_t kLongestLine = 16 << 20;

}  // namespace

void SseReader::line(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.name = value;
  if (name == "data") event_.data += value;
}

bool SseReader::feed(std::string_view bytes,
                     const std::function<bool(const ServerEvent&)>& on_event) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    rest_ += bytes.substr(0, end);
    if (rest_.size() > kLongestLine || event_.data.size() > kLongestLine) return false;
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const std::string text = std::exchange(rest_, {});
    if (!text.empty()) {
      line(text);
    } else if (!event_.name.empty() && !on_event(std::exchange(event_, {}))) {
      return false;
    }
  }
  return true;
}

}  // namespace cordon::client
