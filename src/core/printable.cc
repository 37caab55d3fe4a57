#include "core/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "core/utf8.h"

namespace cordon {

namespace {

struct Span {
  char32_t first;
  char32_t last;
};

// Cc, and of Cf, Zl and Zp what changes how its neighbours are shown.
constexpr std::array kObeyed = {
    Span{0x00, 0x1f},     Span{0x7f, 0x9f},       Span{0xad, 0xad},     Span{0x61c, 0x61c},
    Span{0x200b, 0x200f}, Span{0x2028, 0x202e},   Span{0x2060, 0x206f}, Span{0xfeff, 0xfeff},
    Span{0xfff9, 0xfffb}, Span{0xe0000, 0xe007f},
};

// Of one whole character.
char32_t decode(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  char32_t code = lead & (0x7fU >> character.size());
  for (const char c : character.substr(1)) {
    code = (code << 6) | (static_cast<unsigned char>(c) & 0x3fU);
  }
  return code;
}

// Those that JSON leaves in strings as JSON escapes them, so that JSON stays JSON.
void append_escape(std::string& out, char32_t code) {
  const auto number = static_cast<unsigned>(code);
  if (number < 0x20) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", number);
  } else if (number < 0x10000) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", number);
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}",
                   0xd800 + ((number - 0x10000) >> 10), 0xdc00 + (number & 0x3ff));
  }
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string valid = replace_invalid_utf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::string_view rest = valid; !rest.empty();) {
    const std::size_t length = first_character(rest);
    const char32_t code = decode(rest.substr(0, length));
    const bool obeyed = std::ranges::any_of(
        kObeyed, [code](const Span& span) { return span.first <= code && code <= span.last; });
    if (!obeyed) {
      out += rest.substr(0, length);
    } else {
      append_escape(out, code);
    }
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace cordon
