#include "native/expand_rule.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "core/try.h"
#include "native/paths.h"
#include "policy/glob.h"

namespace cordon::native {

namespace {

bool only_reads_or_writes(Access access) {
  return access == Access::Read || access == Access::Write;
}

std::string absolute(const std::string& pattern, const std::string& work_dir) {
  return pattern.starts_with('/') ? pattern : Glob::escape(work_dir) + "/" + pattern;
}

// "--read" and the path; of a file "policy.toml:4:9:" and "filesystem.read /path".
std::pair<std::string, std::string> in_message(const PathRule& rule) {
  if (rule.origin.empty()) return {"apply a path rule", rule.path};
  if (rule.layer == Layer::CommandLine) return {rule.origin, rule.path};
  return {rule.origin + ":", fmt::format("filesystem.{} {}", to_string(rule.access), rule.path)};
}

std::string joined(const std::string& directory, std::string_view name) {
  return directory == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", directory, name);
}

Result<std::vector<std::string>> list_matches(const PathRule& rule, const Glob& glob) {
  const auto components = glob.components();
  const auto first = std::ranges::find_if_not(components, [](const Glob::Component& component) {
    return component.kind == Glob::Component::Kind::Literal;
  });
  if (components.end() - first != 1 || first->kind != Glob::Component::Kind::Pattern) {
    return refuse_rule(rule, fmt::format("{} takes a pattern in the last name only, such as "
                                         "/dev/nvidia*",
                                         to_string(rule.access)));
  }
  const std::string place = glob.literal_prefix();
  std::vector<std::string> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(place.c_str()), closedir);
  if (!directory && errno != ENOENT && errno != ENOTDIR) {
    const int number = errno;
    auto [operation, subject] = in_message(rule);
    Error error = invalid_argument(std::move(operation), std::move(subject), "");
    error.sys_errno = number;
    return std::unexpected(std::move(error));
  }
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && first->matches(name)) found.push_back(joined(place, name));
  }
  if (found.empty() && rule.presence == Presence::Required) {
    return refuse_rule(rule, "it matches nothing that exists");
  }
  std::ranges::sort(found);
  return found;
}

bool can_meet(const RuleSet& set, const NameRule& names) {
  if (Glob::is_plain(names.pattern)) {
    const Rule* above = nearest_above(set, names.pattern);
    if (!above) return false;
    // The command makes names in its writable directories only, the host anywhere.
    const bool shown_by_host = above->grant == Grant::Read && names.access != Access::Protect;
    return above->grant == Grant::Write || shown_by_host;
  }
  const auto glob = Glob::parse(names.pattern);
  if (!glob) return true;
  const bool plain = glob->literal();
  const auto matters = [&](const Rule& rule) {
    return rule.grant == Grant::Write ||
           (!plain && names.access != Access::Protect && rule.grant == Grant::Read);
  };
  const std::string place = glob->literal_prefix();
  const Rule* above = nearest_above(set, place);
  if (above && matters(*above)) return true;
  return !plain && std::ranges::any_of(set.rules, [&](const Rule& rule) {
    return matters(rule) && is_beneath(rule.path, place) &&
           (glob->covers(rule.path) || glob->may_match_beneath(rule.path));
  });
}

// A path that need not exist, with its existing directories free of symbolic links.
std::string real_place(const std::string& path) {
  std::string place = path;
  while (place != "/") {
    if (const auto location = locate(place)) {
      const std::string rest = path.substr(place.size());
      return location->path == "/" && !rest.empty() ? rest : location->path + rest;
    }
    place = std::string(parent_of(place));
  }
  return path;
}

}  // namespace

const Rule* nearest_above(const RuleSet& set, std::string_view path) {
  const auto after = std::ranges::upper_bound(
      set.rules, path, tree_order, [](const Rule& r) -> std::string_view { return r.path; });
  int index = static_cast<int>(after - set.rules.begin()) - 1;
  while (index >= 0 && !is_beneath(path, set.rules[index].path)) index = set.rules[index].parent;
  return index < 0 ? nullptr : &set.rules[index];
}

std::unexpected<Error> refuse_rule(const PathRule& rule, std::string detail) {
  const auto [operation, subject] = in_message(rule);
  return std::unexpected(invalid_argument(operation, subject, std::move(detail)));
}

Result<ExpandedRule> expand_rule(const PathRule& rule, const std::string& work_dir) {
  if (rule.path.empty()) return refuse_rule(rule, "it is empty");
  if (rule.path.contains('\0')) return refuse_rule(rule, "it contains a NUL byte");
  if (Glob::is_plain(rule.path)) return ExpandedRule{{normalize(rule.path, work_dir)}, {}};
  const auto glob = Glob::parse(absolute(rule.path, work_dir));
  if (!glob) return refuse_rule(rule, glob.error().detail);
  // Somebody's file name, with brackets or a backslash in it. To take another name's rights away
  // would be worse than asking; to show this one is what was meant.
  std::string written = normalize(rule.path, work_dir);
  if (!glob->matches(written) && locate(written)) {
    if (only_reads_or_writes(rule.access)) return ExpandedRule{{std::move(written)}, {}};
    return refuse_rule(rule,
                       "a file has exactly this name, which the pattern does not match; write a "
                       "backslash before each [ and each backslash in it");
  }
  if (glob->literal()) return ExpandedRule{{glob->literal_prefix()}, {}};
  const std::string place = glob->literal_prefix();
  if (glob->names_nothing()) {
    return refuse_rule(rule, fmt::format("it matches everything in {}; name that directory, or say "
                                         "more about the names",
                                         place));
  }
  if (only_reads_or_writes(rule.access)) return ExpandedRule{TRY(list_matches(rule, *glob)), {}};
  std::string rest;
  const auto components = glob->components();
  const auto plain = static_cast<std::size_t>(place == "/" ? 0 : std::ranges::count(place, '/'));
  for (const Glob::Component& component : components.subspan(plain)) {
    if (!rest.empty()) rest += '/';
    rest += component.written;
  }
  return ExpandedRule{{}, name_rules(rule, place, rest)};
}

std::vector<NameRule> name_rules(const PathRule& rule, const std::string& place,
                                 std::string_view rest) {
  std::vector<NameRule> rules;
  const std::string real = real_place(place);
  for (const std::string& directory : {place, real}) {
    if (!rules.empty() && real == place) break;
    const std::string pattern = Glob::escape(directory);
    rules.push_back(
        {rule.access, rest.empty() ? pattern : joined(pattern, rest), rule.origin, rule.layer});
  }
  return rules;
}

void keep_what_names_can_meet(RuleSet& set) {
  std::erase_if(set.name_rules, [&](const NameRule& names) { return !can_meet(set, names); });
}

}  // namespace cordon::native
