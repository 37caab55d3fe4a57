#include "server/target.h"

#include <algorithm>

#include "core/try.h"

namespace cordon::server {

namespace {

enum class Plus { Literal, Space };

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> refuse(std::string detail) {
  return std::unexpected(invalid_argument("read the request's path", {}, std::move(detail)));
}

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return refuse("a % is followed by two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (c == '\0') return refuse("an encoded zero byte is in no name");
    } else if (c == '+' && plus == Plus::Space) {
      c = ' ';
    }
    out += c;
  }
  return out;
}

Result<std::string> decode_segment(std::string_view text) {
  std::string segment = TRY(decode(text, Plus::Literal));
  if (segment.empty()) return refuse("a path has no empty segment");
  if (segment == "." || segment == "..") return refuse("a path has no dot segments");
  if (segment.find('/') != std::string::npos) return refuse("an encoded slash is in no name");
  return segment;
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find_if(query, [&](const auto& pair) { return pair.first == name; });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Result<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') {
    return refuse("the target of a request starts with a slash");
  }
  if (target.size() > kMostTargetBytes) return refuse("the path is too long");
  if (std::ranges::any_of(target, [](char c) { return c <= ' ' || c >= 0x7f || c == '#'; })) {
    return refuse("bytes that are not printable ASCII are sent percent-encoded");
  }
  const auto question = target.find('?');
  const std::string_view path =
      target.substr(1, question == std::string_view::npos ? std::string_view::npos : question - 1);
  Target parsed;
  for (std::size_t at = 0; !path.empty();) {
    const auto slash = std::min(path.find('/', at), path.size());
    parsed.segments.push_back(TRY(decode_segment(path.substr(at, slash - at))));
    if (slash == path.size()) break;
    at = slash + 1;
  }
  if (question == std::string_view::npos) return parsed;
  const std::string_view query = target.substr(question + 1);
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    const auto equals = std::min(pair.find('='), pair.size());
    std::string name = TRY(decode(pair.substr(0, equals), Plus::Space));
    std::string value = TRY(decode(pair.substr(std::min(equals + 1, pair.size())), Plus::Space));
    if (!name.empty()) parsed.query.emplace_back(std::move(name), std::move(value));
    at = end + 1;
  }
  return parsed;
}

}  // namespace cordon::server
