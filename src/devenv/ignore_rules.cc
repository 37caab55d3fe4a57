#include "devenv/ignore_rules.h"

#include <algorithm>
#include <optional>
#include <span>

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostRules = 1000;

// Of "[...]" behind the bracket. Absent: it has no end, and the bracket stands for itself.
struct Class {
  bool fits = false;
  std::size_t size = 0;
};
std::optional<Class> match_class(std::string_view pattern, char c) {
  std::size_t at = 0;
  const bool negated = pattern.starts_with('^');
  if (negated) ++at;
  Class found;
  bool first = true;
  while (at < pattern.size() && (first || pattern[at] != ']')) {
    first = false;
    const auto character = [&]() -> char {
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      return pattern[at++];
    };
    const char low = character();
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = character();
    }
    if (low <= c && c <= high) found.fits = true;
  }
  if (at >= pattern.size()) return std::nullopt;
  found.size = at + 1;
  if (negated) found.fits = !found.fits;
  return found;
}

// One character of the text against what the pattern has for it; 0: it does not fit.
std::size_t match_one(std::string_view pattern, char c) {
  if (pattern.empty()) return 0;
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '[') {
    if (const auto found = match_class(pattern.substr(1), c)) {
      return found->fits ? found->size + 1 : 0;
    }
  }
  if (pattern.front() == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  return pattern.front() == c ? 1 : 0;
}

// Whether the pattern fits the whole path, or a directory that it is in. "**" is any number of
// components.
bool fits(std::span<const std::string> pattern, std::span<const std::string_view> path) {
  // The set of places in the pattern that may come next, instead of trying all ways.
  std::vector<bool> at(pattern.size() + 1, false);
  const auto enter = [&](std::vector<bool>& set, std::size_t place) {
    set[place] = true;
    while (place < pattern.size() && pattern[place] == "**") set[++place] = true;
  };
  enter(at, 0);
  for (const std::string_view component : path) {
    std::vector<bool> next(pattern.size() + 1, false);
    for (std::size_t place = 0; place < pattern.size(); ++place) {
      if (!at[place]) continue;
      if (pattern[place] == "**") {
        enter(next, place);
      } else if (matches_component(pattern[place], component)) {
        enter(next, place + 1);
      }
    }
    at = std::move(next);
    if (at[pattern.size()]) return true;
  }
  return false;
}

}  // namespace

bool matches_component(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::optional<std::size_t> star;
  std::size_t star_in = 0;
  while (in < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_in = in;
    } else if (const std::size_t size = match_one(pattern.substr(at), text[in]); size > 0) {
      at += size;
      ++in;
    } else if (star) {
      at = *star + 1;
      in = ++star_in;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> list;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const auto component = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (component == ".." && !list.empty()) {
      list.pop_back();
    } else if (!component.empty() && component != "." && component != "..") {
      list.push_back(component);
    }
  }
  return list;
}

IgnoreRules::IgnoreRules(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  while (!text.empty() && rules_.size() < kMostRules) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('#')) continue;
    const auto begin = line.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) continue;
    line = line.substr(begin, line.find_last_not_of(kBlank) - begin + 1);
    Rule rule;
    if (line.starts_with('!')) {
      rule.takes_back = exceptions_ = true;
      line.remove_prefix(1);
    }
    for (const auto component : components_of(line)) rule.components.emplace_back(component);
    if (!rule.components.empty()) rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::ignores(std::string_view path) const {
  if (rules_.empty()) return false;
  const auto components = components_of(path);
  bool ignored = false;
  for (const Rule& rule : rules_) {
    if (rule.takes_back != ignored) continue;
    if (fits(rule.components, components)) ignored = !rule.takes_back;
  }
  return ignored;
}

}  // namespace cordon::devenv
