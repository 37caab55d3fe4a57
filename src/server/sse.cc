#include "server/sse.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cordon::server {

void append_event(std::string& out, std::uint64_t id, std::string_view name,
                  std::string_view data) {
  fmt::format_to(std::back_inserter(out), "id: {}\nevent: {}\ndata: ", id, name);
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out += data;
  std::replace_if(
      out.begin() + begin, out.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; },
      ' ');
  out += "\n\n";
}

}  // namespace cordon::server
