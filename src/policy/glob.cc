#include "policy/glob.h"

#include <limits.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/try.h"

namespace cordon {

namespace {

using Component = Glob::Component;

std::unexpected<Error> refuse(std::string_view text, std::string detail) {
  constexpr std::size_t kShown = 200;
  std::string shown(text.substr(0, kShown));
  if (text.size() > kShown) shown += "...";
  return std::unexpected(invalid_argument("read the pattern", std::move(shown), std::move(detail)));
}

// Takes the next name off the front of a path; absent at its end.
std::optional<std::string_view> next_name(std::string_view& rest) {
  while (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const auto name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  return name;
}

bool is_special(char c) { return c == '*' || c == '?' || c == '[' || c == '{' || c == '\\'; }

bool is_any_depth(const Component& component) {
  return component.kind == Component::Kind::AnyDepth;
}

}  // namespace

bool Component::matches(std::string_view candidate, Case how) const {
  if (kind == Kind::Literal && how == Case::Exact) return candidate == name;
  return pattern.matches(candidate, how);
}

Result<void> Glob::add(std::string_view written) {
  if (written == ".") return {};
  if (written == "..") {
    if (components_.empty() && absolute_) return {};
    const bool plain = !components_.empty() && components_.back().kind == Component::Kind::Literal;
    if (!plain) {
      return refuse(text_, components_.empty() ? "it leads out of where it starts"
                                               : "\"..\" cannot stand after a wildcard");
    }
    components_.pop_back();
    return {};
  }
  if (written == "**") {
    if (components_.empty() || !is_any_depth(components_.back())) {
      components_.push_back({.kind = Component::Kind::AnyDepth, .written = "**"});
    }
    return {};
  }
  auto pattern = NamePattern::parse(written);
  if (!pattern) return refuse(text_, pattern.error().detail);
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\\') {
      ++i;
    } else if (written.substr(i).starts_with("**")) {
      return refuse(text_, "** stands alone between slashes; inside a name write *");
    }
  }
  Component component{.written = std::string(written)};
  if (const std::string* name = pattern->literal()) {
    component.name = *name;
  } else {
    component.kind = Component::Kind::Pattern;
  }
  component.pattern = *std::move(pattern);
  components_.push_back(std::move(component));
  return {};
}

Result<Glob> Glob::parse(std::string_view text) {
  if (text.empty()) return refuse("\"\"", "it is empty");
  if (text.size() >= PATH_MAX) return refuse(text, "no path has more than 4095 bytes");
  if (text.contains('\0')) return refuse(text, "it contains a NUL byte");
  Glob glob;
  glob.text_ = text;
  glob.absolute_ = text.starts_with('/');
  for (std::string_view rest = text; const auto written = next_name(rest);) {
    TRY(glob.add(*written));
  }
  if (!glob.components_.empty() && is_any_depth(glob.components_.back())) TRY(glob.add("*"));
  return glob;
}

bool Glob::is_plain(std::string_view text) { return std::ranges::none_of(text, is_special); }

std::string Glob::escape(std::string_view path) {
  if (is_plain(path)) return std::string(path);
  std::string text;
  for (const char c : path) {
    if (is_special(c)) text += '\\';
    text += c;
  }
  return text;
}

// As for a name: each piece between two `**` may take the first place where it fits.
bool Glob::match(std::string_view path, Case how, Whole whole) const {
  if (absolute_ != path.starts_with('/')) return false;
  std::string_view rest = path;
  std::size_t at = 0;
  std::optional<std::size_t> after_any;
  std::string_view any_rest;
  while (true) {
    if (at == components_.size()) {
      std::string_view look = rest;
      if (whole == Whole::Prefix || !next_name(look)) return true;
    } else if (is_any_depth(components_[at])) {
      after_any = ++at;
      any_rest = rest;
      continue;
    } else if (const auto name = next_name(rest); name && components_[at].matches(*name, how)) {
      ++at;
      continue;
    }
    if (!after_any || !next_name(any_rest)) return false;
    rest = any_rest;
    at = *after_any;
  }
}

bool Glob::matches(std::string_view path, Case how) const { return match(path, how, Whole::Path); }

bool Glob::covers(std::string_view path, Case how) const { return match(path, how, Whole::Prefix); }

bool Glob::may_match_beneath(std::string_view path, Case how) const {
  if (absolute_ != path.starts_with('/')) return false;
  std::string_view rest = path;
  for (const Component& component : components_) {
    // From here on the pattern fits at any depth.
    if (is_any_depth(component)) return true;
    const auto name = next_name(rest);
    if (!name) return true;
    if (!component.matches(*name, how)) return false;
  }
  return false;
}

bool Glob::literal() const {
  return std::ranges::all_of(components_, [](const Component& component) {
    return component.kind == Component::Kind::Literal;
  });
}

std::string Glob::literal_prefix() const {
  std::string prefix;
  for (const Component& component : components_) {
    if (component.kind != Component::Kind::Literal) break;
    if (absolute_ || !prefix.empty()) prefix += '/';
    prefix += component.name;
  }
  return prefix.empty() && absolute_ ? "/" : prefix;
}

bool Glob::names_nothing() const {
  const auto stated = [](const Component& component) {
    return component.kind == Component::Kind::Literal;
  };
  const auto first = std::ranges::find_if_not(components_, stated);
  return std::all_of(first, components_.end(),
                     [](const Component& component) {
                       return is_any_depth(component) ||
                              (component.kind == Component::Kind::Pattern &&
                               component.pattern.matches_every_name());
                     }) &&
         (first != components_.end() || components_.empty());
}

}  // namespace cordon
