#include "native/guard_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/try.h"
#include "linux/guard_table.h"
#include "native/candidate.h"
#include "native/expand_rule.h"
#include "native/paths.h"
#include "policy/default_policy.h"
#include "policy/glob.h"

namespace cordon::native {

namespace {

using linux_os::GuardComponent;
using linux_os::GuardRule;
using Shape = guard::Shape;

bool is_wild(std::string_view name) {
  return name.find_first_of("*?[\\") != std::string_view::npos;
}

guard::Kind kind_of(Access access) {
  switch (access) {
    case Access::Read:
    case Access::Write:
      return guard::Kind::Allow;
    case Access::Protect:
      return guard::Kind::Protect;
    case Access::Deny:
      return guard::Kind::Deny;
    case Access::Hide:
      return guard::Kind::Hide;
  }
  return guard::Kind::Deny;
}

class GuardCompiler {
 public:
  explicit GuardCompiler(const RuleSet& rules) : rules_(rules) {}

  Result<Guard> compile() {
    ranked_.reserve(rules_.rules.size());
    covered_.reserve(rules_.rules.size());
    add_defaults();
    for (const NameRule& names : rules_.name_rules) TRY(add_names(names));
    for (const Rule& rule : rules_.rules) {
      if (rule.protects) add_protected(rule);
      if (takes_away(rule.grant)) add_taken(rule);
    }
    if (!default_way_.empty() || !default_anchor_.empty()) add_default_exceptions();
    if (ranked_.empty()) return Guard{};
    for (const Rule& rule : rules_.rules) add_exception(rule);
    std::vector<std::size_t> order(ranked_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(ranked_[i].rank, i); });
    std::vector<GuardRule> rules;
    rules.reserve(ranked_.size());
    for (const std::size_t i : order) rules.push_back(std::move(ranked_[i].rule));
    return Guard{TRY(linux_os::make_guard_table(rules)), level_, rules.size()};
  }

 private:
  struct Ranked {
    Rank rank;
    GuardRule rule;
  };

  void widen(seccomp::Guarded level) { level_ = std::max(level_, level); }

  // Where nothing above can be moved, neither from inside nor from outside: a mount on the
  // sandbox's own ground. Its name is not the host's to change.
  std::string anchor_of(std::string_view place) const {
    return anchor_of(nearest_above(rules_, place));
  }

  std::string anchor_of(const Rule* rule) const {
    if (!rule) return "";
    while (rule->parent >= 0) {
      const Rule& above = rules_.rules[static_cast<std::size_t>(rule->parent)];
      if (above.grant != Grant::Read && above.grant != Grant::Write) break;
      rule = &above;
    }
    return rule->path;
  }

  static void add_literal(std::vector<GuardComponent>& components, std::string_view path) {
    while (!path.empty()) {
      path.remove_prefix(path.starts_with('/') ? 1 : 0);
      const auto name = path.substr(0, path.find('/'));
      if (!name.empty()) components.push_back({Shape::Literal, std::string(name)});
      path.remove_prefix(name.size());
    }
  }

  void add(Rank rank, guard::Kind kind, std::string anchor,
           std::vector<GuardComponent> components) {
    ranked_.push_back({rank, {kind, 0, std::move(anchor), std::move(components)}});
  }

  // Those that are there as well: a mount lies on the file that was there at the start, not on what
  // the host puts in its place.
  void add_defaults() {
    add_protected_names();
    const Rule* work = nearest_above(rules_, rules_.work_dir);
    if (!work || work->grant != Grant::Write) return;
    default_anchor_ = anchor_of(rules_.work_dir);
    add_literal(default_way_, std::string_view(rules_.work_dir).substr(default_anchor_.size()));
    if (rules_.protected_names.through_links) widen(seccomp::Guarded::Removing);
  }

  void add_protected_names() {
    for (const ProtectedName& name : rules_.protected_names.names) {
      const std::string path = name.path();
      const auto parent = parent_of(path);
      const Rule* above = nearest_above(rules_, parent);
      if (!above || above->grant != Grant::Write) continue;
      const std::string anchor = anchor_of(parent);
      std::vector<GuardComponent> components;
      add_literal(components, std::string_view(path).substr(anchor.size()));
      cover(path, Taker::Default);
      add(kDefaultRank, guard::Kind::Protect, anchor, std::move(components));
      ranked_.back().rule.flags = (name.directory_may_be_made ? guard::kDirectoryMayBeMade : 0) |
                                  (name.harmless_git_config ? guard::kHarmlessGitConfig : 0);
    }
  }

  // They give nothing back that the caller takes away.
  void add_default_exceptions() {
    for (const DefaultEntry& entry : default_policy().unprotected_names) {
      const std::string path = fmt::format("{}/{}", rules_.work_dir, entry.path);
      const bool taken = std::ranges::any_of(patterns_, [&](const auto& each) {
        return each.second.covers(path) || each.second.may_match_beneath(parent_of(path));
      });
      if (taken || is_covered(path, Taker::Caller)) continue;
      std::vector<GuardComponent> components = default_way_;
      add_literal(components, entry.path);
      for (std::size_t i = default_way_.size(); i < components.size(); ++i) {
        if (is_wild(components[i].text)) components[i].shape = Shape::Pattern;
      }
      add(kDefaultRank, guard::Kind::Allow, default_anchor_, std::move(components));
    }
  }

  Result<void> add_names(const NameRule& names) {
    widen(names.access == Access::Protect ? seccomp::Guarded::Removing : seccomp::Guarded::Opening);
    Glob glob = TRY(Glob::parse(names.pattern));
    const std::string place = glob.literal_prefix();
    // The name itself may lie on a mount that is not there to stay; what is above it decides.
    std::string anchor = anchor_of(glob.literal() ? parent_of(place) : std::string_view(place));
    if (anchor == "/") anchor.clear();
    const auto depth = static_cast<std::size_t>(std::ranges::count(anchor, '/'));
    std::vector<GuardComponent> components;
    for (const Glob::Component& component : glob.components().subspan(depth)) {
      switch (component.kind) {
        case Glob::Component::Kind::Literal:
          components.push_back({Shape::Literal, component.name});
          break;
        case Glob::Component::Kind::Pattern:
          components.push_back({Shape::Pattern, component.written});
          break;
        case Glob::Component::Kind::AnyDepth:
          components.push_back({Shape::AnyDepth, ""});
          break;
      }
    }
    const Rank rank = rank_of(names.layer);
    add(rank, kind_of(names.access), std::move(anchor), std::move(components));
    if (glob.literal()) take(place);
    patterns_.push_back({rank, std::move(glob)});
    return {};
  }

  void add_protected(const Rule& rule) {
    const Rule* above =
        rule.parent >= 0 ? &rules_.rules[static_cast<std::size_t>(rule.parent)] : nullptr;
    if (!above || above->grant != Grant::Write) return;
    const std::string anchor = anchor_of(above);
    std::vector<GuardComponent> components;
    add_literal(components, std::string_view(rule.path).substr(anchor.size()));
    take(rule.path);
    add(rule.rank, guard::Kind::Protect, anchor, std::move(components));
  }

  // A mount takes away what is there at the start; an editor that saves puts another file in its
  // place.
  void add_taken(const Rule& rule) {
    const Rule* above =
        rule.parent >= 0 ? &rules_.rules[static_cast<std::size_t>(rule.parent)] : nullptr;
    if (!above || (above->grant != Grant::Write && above->grant != Grant::Read)) return;
    // Of the system's own files a mount must do: to hold their names would make every open of every
    // command slower.
    if (rule.from_default && above->from_default) return;
    const std::string anchor = anchor_of(above);
    std::vector<GuardComponent> components;
    add_literal(components, std::string_view(rule.path).substr(anchor.size()));
    take(rule.path);
    widen(seccomp::Guarded::Opening);
    const bool hide = rule.grant == Grant::Hide;
    add(rule.rank, hide ? guard::Kind::Hide : guard::Kind::Deny, anchor, std::move(components));
    if (hide) ranked_.back().rule.flags = guard::kMaskedAtStart;
  }

  // Who takes something away from a path: only the default policy, or the caller too.
  enum class Taker { Default, Caller };

  void cover(std::string path, Taker by) {
    shortest_covered_ = std::min(shortest_covered_, path.size());
    auto [place, added] = covered_.try_emplace(std::move(path), by);
    if (!added) place->second = std::max(place->second, by);
  }
  void take(const std::string& path) { cover(path, Taker::Caller); }

  bool is_covered(std::string_view path, Taker by) const {
    for (; path.size() > 1 && path.size() >= shortest_covered_; path = parent_of(path)) {
      const auto found = covered_.find(std::string(path));
      if (found != covered_.end() && found->second >= by) return true;
    }
    return false;
  }

  // What the caller grants within something that is taken away. What a later layer takes away no
  // earlier one gives back.
  void add_exception(const Rule& rule) {
    const bool grants = rule.grant == Grant::Read || rule.grant == Grant::Write;
    if (!grants || rule.protects || rule.anchor || rule.rank <= kWorkDirRank) return;
    bool needed = is_covered(rule.path, Taker::Default);
    for (const auto& [rank, glob] : patterns_) {
      if (!glob.covers(rule.path)) continue;
      if (rank > rule.rank) return;
      needed = true;
    }
    if (!needed) return;
    const std::string anchor = anchor_of(&rule);
    std::vector<GuardComponent> components;
    add_literal(components, std::string_view(rule.path).substr(anchor.size()));
    add(rule.rank, guard::Kind::Allow, anchor, std::move(components));
  }

  const RuleSet& rules_;
  std::vector<Ranked> ranked_;
  // Plain paths that something is taken away from.
  std::unordered_map<std::string, Taker> covered_;
  std::size_t shortest_covered_ = std::string::npos;
  std::string default_anchor_;
  std::vector<GuardComponent> default_way_;  // from there to the work directory
  std::vector<std::pair<Rank, Glob>> patterns_;
  seccomp::Guarded level_ = seccomp::Guarded::Making;
};

}  // namespace

Result<Guard> compile_guard(const RuleSet& rules) { return GuardCompiler(rules).compile(); }

Result<void> refuse_names(const RuleSet& rules, const std::string& reason) {
  for (const NameRule& names : rules.name_rules) {
    if (names.layer == Layer::Default) continue;
    // A name that only the host can make, and has not made yet.
    const Rule* above = nearest_above(rules, names.pattern);
    if (Glob::is_plain(names.pattern) && above && above->grant == Grant::Read) continue;
    Error error = invalid_argument(
        std::string(names.origin), names.pattern,
        "only a guard can keep names that match a pattern, or do not exist yet, from the command; "
        "there is none: " +
            reason);
    error.code = ErrorCode::Unsupported;
    error.remedy = "name paths that exist";
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace cordon::native
