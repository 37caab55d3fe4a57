#include "policy/toml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/utf8.h"

namespace cordon {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : replace_invalid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_key(std::string_view text) {
  const bool bare = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(text) : toml_string(text);
}

std::string as_written(std::string_view pattern) {
  std::string path;
  for (const char c : pattern) path += c == '$' ? std::string("\\$") : std::string(1, c);
  if (path.starts_with('~')) path.insert(0, 1, '\\');
  return path;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::pair<unsigned, char>, 4> kUnits = {
      {{40, 'T'}, {30, 'G'}, {20, 'M'}, {10, 'K'}}};
  for (const auto& [shift, name] : kUnits) {
    if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0) {
      return fmt::format("\"{}{}\"", bytes >> shift, name);
    }
  }
  return fmt::format("{}", bytes);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> kUnits = {
      {{3'600'000'000'000, "h"},
       {60'000'000'000, "m"},
       {1'000'000'000, "s"},
       {1'000'000, "ms"},
       {1'000, "us"},
       {1, "ns"}}};
  for (const auto& [unit, name] : kUnits) {
    if (duration.count() % unit == 0) return fmt::format("\"{}{}\"", duration.count() / unit, name);
  }
  return "\"0s\"";
}

}  // namespace cordon
