#include "engine/image_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::engine {

namespace {

constexpr std::size_t kMostName = 255;  // engines' own
constexpr std::size_t kMostTag = 128;
constexpr std::size_t kIdDigits = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_path(std::string_view text) {
  if (text.empty() || text.starts_with('/') || text.ends_with('/') || text.contains("//")) {
    return false;
  }
  return std::ranges::all_of(text, [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '/';
  });
}

// A first part that could be no directory of a registry is a host.
bool is_host(std::string_view part) {
  return part == "localhost" || part.contains('.') || part.contains(':');
}

bool is_host_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kMostTag || text.starts_with('.') || text.starts_with('-')) {
    return false;
  }
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && text.size() >= colon + 33 &&
         text.size() <= kMostName && is_hexadecimal(text.substr(colon + 1));
}

}  // namespace

Result<ImageName> parse_image_name(std::string_view text) {
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument("use the image's name",
                                            fmt::format("\"{}\"", text.substr(0, kMostName)),
                                            std::move(detail)));
  };
  if (text.starts_with("sha256:") || (text.size() == kIdDigits && is_hexadecimal(text))) {
    return refuse("that is an image's id: registries know names");
  }
  ImageName name;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    name.digest = rest.substr(at + 1);
    if (!is_digest(name.digest)) return refuse("what follows the @ is no digest");
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    name.tag = rest.substr(colon + 1);
    if (!is_tag(name.tag)) {
      return refuse("a tag is at most 128 letters, digits, dots, dashes and underscores");
    }
    rest = rest.substr(0, colon);
  }
  // Whoever writes a digest means that one, whatever the tag is given to.
  if (!name.digest.empty()) name.tag.clear();
  if (name.tag.empty() && name.digest.empty()) name.tag = "latest";
  name.repository = rest;
  const auto first = rest.find('/');
  if (first != std::string_view::npos && is_host(rest.substr(0, first))) {
    name.registry = rest.substr(0, first);
    rest = rest.substr(first + 1);
  }
  if (name.repository.size() > kMostName || !is_path(rest) || !is_host_text(name.registry)) {
    return refuse("write [HOST[:PORT]/]NAME[:TAG], the name in lower case");
  }
  return name;
}

}  // namespace cordon::engine
