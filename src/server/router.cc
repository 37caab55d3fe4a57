#include "server/router.h"

#include <algorithm>

namespace cordon::server {

namespace {

bool fits(std::span<const std::string> pattern, std::span<const std::string> path) {
  return std::ranges::equal(pattern, path, [](const std::string& wanted, const std::string& given) {
    return wanted.empty() || wanted == given;
  });
}

std::size_t fixed_segments(std::span<const std::string> pattern) {
  return static_cast<std::size_t>(
      std::ranges::count_if(pattern, [](const std::string& segment) { return !segment.empty(); }));
}

void list(std::string& allow, std::string_view method) {
  if (allow.find(method) != std::string::npos) return;
  if (!allow.empty()) allow += ", ";
  allow += method;
  if (method == "GET") allow += ", HEAD";
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, std::size_t route) {
  Route added{std::string(method), {}, route};
  pattern.remove_prefix(1);
  for (std::size_t at = 0; !pattern.empty();) {
    const auto slash = std::min(pattern.find('/', at), pattern.size());
    const std::string_view segment = pattern.substr(at, slash - at);
    added.segments.emplace_back(segment.starts_with('{') ? std::string_view() : segment);
    if (slash == pattern.size()) break;
    at = slash + 1;
  }
  const std::size_t fixed = fixed_segments(added.segments);
  const auto place = std::ranges::find_if(
      routes_, [&](const Route& other) { return fixed_segments(other.segments) < fixed; });
  routes_.insert(place, std::move(added));
}

RouteMatch Router::match(std::string_view method, const Target& target) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  for (const Route& route : routes_) {
    if (!fits(route.segments, target.segments)) continue;
    if (route.method != wanted) {
      match.kind = RouteMatch::Kind::NoSuchMethod;
      list(match.allow, route.method);
      continue;
    }
    match.kind = RouteMatch::Kind::Found;
    match.route = route.route;
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
      if (route.segments[i].empty()) match.parameters.push_back(target.segments[i]);
    }
    return match;
  }
  return match;
}

}  // namespace cordon::server
