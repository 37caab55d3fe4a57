#include "engine/image_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "core/try.h"

namespace cordon::engine {

namespace {

constexpr std::size_t kMostName = 255;  // engines' own
constexpr std::size_t kMostTag = 128;
constexpr std::size_t kIdDigits = 64;
constexpr std::string_view kIdPrefix = "sha256:";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_letter_or_digit(char c) { return is_letter(c) || is_digit(c); }

// Whether there are parts, and each is one.
template <class Predicate>
bool each_part(std::string_view text, char separator, Predicate is_one) {
  const auto fits = [&](const auto& part) {
    return is_one(std::string_view(part.begin(), part.end()));
  };
  return !text.empty() && std::ranges::all_of(text | std::views::split(separator), fits);
}

// Of a repository's path: between its letters are single dots, one or two underscores, or dashes.
bool is_component(std::string_view text) {
  const auto is_word = [](char c) { return is_lower(c) || is_digit(c); };
  if (text.empty() || !is_word(text.front()) || !is_word(text.back())) return false;
  while (!text.empty()) {
    const auto word =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin());
    text.remove_prefix(word);
    const auto gap = static_cast<std::size_t>(std::ranges::find_if(text, is_word) - text.begin());
    const std::string_view separator = text.substr(0, gap);
    if (!separator.empty() && separator != "." && separator != "_" && separator != "__" &&
        separator.find_first_not_of('-') != std::string_view::npos) {
      return false;
    }
    text.remove_prefix(gap);
  }
  return true;
}

// A first part that could be no directory of a registry is a host.
bool is_host(std::string_view part) {
  return part == "localhost" || part.contains('.') || part.contains(':');
}

bool is_host_label(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// "registry.example:5000", "[::1]:5000"
bool is_host_text(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !std::ranges::all_of(port, is_digit)) return false;
    text = text.substr(0, colon);
  }
  if (!text.starts_with('[')) return each_part(text, '.', is_host_label);
  return text.size() > 2 && text.ends_with(']') &&
         text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
             std::string_view::npos;
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
  return colon != std::string_view::npos && text.size() >= colon + 33 && text.size() <= kMostName &&
         each_part(text.substr(0, colon), '.', is_host_label) &&
         is_hexadecimal(text.substr(colon + 1));
}

bool is_id(std::string_view text) {
  const bool has_prefix = text.starts_with(kIdPrefix);
  if (has_prefix) text.remove_prefix(kIdPrefix.size());
  return is_hexadecimal(text) &&
         (has_prefix ? !text.empty() && text.size() <= kIdDigits : text.size() == kIdDigits);
}

}  // namespace

Result<ImageName> parse_image_name(std::string_view text) {
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument("use the image's name",
                                            fmt::format("\"{}\"", text.substr(0, kMostName)),
                                            std::move(detail)));
  };
  if (text.starts_with(kIdPrefix) || is_id(text)) {
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
  if (name.repository.size() > kMostName || !each_part(rest, '/', is_component) ||
      (!name.registry.empty() && !is_host_text(name.registry))) {
    return refuse("write [HOST[:PORT]/]NAME[:TAG], the name in lower case");
  }
  return name;
}

Result<void> check_image_reference(std::string_view text) {
  if (!is_id(text)) TRY(parse_image_name(text));
  return {};
}

}  // namespace cordon::engine
