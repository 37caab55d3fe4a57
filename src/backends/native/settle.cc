#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/try.h"
#include "native/candidate.h"
#include "native/paths.h"

namespace cordon::native {

namespace {

// Deny over hide over protect over read over write.
int strictness(const Candidate& candidate) {
  switch (candidate.rule.grant) {
    case Grant::Write:
    case Grant::Scratch:
      return 1;
    case Grant::Read:
      return candidate.protects ? 3 : 2;
    case Grant::Hide:
      return 4;
    case Grant::Deny:
      return 5;
  }
  return 5;
}

// Of two rules of one rank for one path, the one that counts.
Result<Candidate*> choose(Candidate& first, Candidate& second) {
  if (first.rank <= kWorkDirRank) {
    // A protected path that also leads to another protected one stays protected.
    return first.rule.anchor && !second.rule.anchor ? &second : &first;
  }
  if (first.implied != second.implied) return first.implied ? &second : &first;
  const int difference = strictness(second) - strictness(first);
  if (difference == 0) return &first;
  Candidate& strict = difference > 0 ? second : first;
  Candidate& lax = difference > 0 ? first : second;
  const bool agree = strict.protects && lax.rule.grant == Grant::Read;
  // Packs are written apart from each other: what one of them takes away stays away.
  if (!agree && first.rank != rank_of(Layer::Pack)) {
    // The place in a file, or an option.
    const bool in_file = second.rank != rank_of(Layer::CommandLine);
    return std::unexpected(invalid_argument(
        fmt::format("{}{}", second.rule.origin, in_file ? ":" : ""), second.rule.path,
        fmt::format("it contradicts {} for the same path; keep one of them", first.rule.origin)));
  }
  strict.visible = strict.visible || lax.visible;
  return &strict;
}

// `later` has the last word.
void overrule(Candidate& earlier, Candidate& later) {
  const bool something_stays = earlier.visible || takes_away(earlier.rule.grant);
  if (!later.protects || !something_stays) {
    earlier = std::move(later);
    return;
  }
  // What was granted stays to be read, with no more authority than before: a rule between the two
  // layers may take it away.
  if (earlier.rule.grant == Grant::Write) {
    earlier.rule.grant = Grant::Read;
    earlier.rule.origin = later.rule.origin;
  }
  earlier.protected_by = later.rank;
}

// All the rules for one path: the one that comes of them. Sorted by rank, lowest first.
Result<Candidate> settle_one(std::span<Candidate> same) {
  std::optional<Candidate> settled;
  for (std::size_t i = 0; i < same.size();) {
    Candidate* chosen = &same[i];
    std::size_t next = i + 1;
    for (; next < same.size() && same[next].rank == same[i].rank; ++next) {
      chosen = TRY(choose(*chosen, same[next]));
    }
    i = next;
    if (settled) {
      overrule(*settled, *chosen);
    } else {
      settled = std::move(*chosen);
    }
  }
  return *std::move(settled);
}

class Linker {
 public:
  explicit Linker(std::size_t most) { rules_.reserve(most); }

  void add(Candidate candidate) {
    Rule& rule = candidate.rule;
    leave(rule.path);
    const Rule* above = above_.empty() ? nullptr : &rules_[above_.back().index];
    if (rule.anchor && (!above || above->grant != Grant::Write)) return;
    const Rank protected_by =
        std::max(candidate.protects ? candidate.rank : -1, candidate.protected_by);
    if (protected_by >= 0) protected_.push_back({rule.path, protected_by});
    if (candidate.protects) {
      // Elsewhere there is nothing to write, or nothing of the host's.
      if (!candidate.visible && (!above || above->grant != Grant::Write)) return;
    }
    if (rule.grant == Grant::Read || rule.grant == Grant::Write) {
      if (taken_away(candidate)) return;
      if (rule.grant == Grant::Write && kept_from_writing(candidate)) rule.grant = Grant::Read;
    }
    if (rule.grant == Grant::Read || rule.grant == Grant::Write) {
      for (const Open& open : above_) rules_[open.index].has_inner = true;
    }
    rule.rank = candidate.rank;
    rule.protects = candidate.protects;
    rule.parent = above_.empty() ? -1 : static_cast<int>(above_.back().index);
    above_.push_back({rules_.size(), candidate.rank});
    rules_.push_back(std::move(rule));
  }

  std::vector<Rule> take() { return std::move(rules_); }

 private:
  struct Open {
    std::size_t index;
    Rank rank;
  };
  struct Protected {
    std::string path;
    Rank rank;
  };

  void leave(const std::string& path) {
    while (!above_.empty() && !is_beneath(path, rules_[above_.back().index].path)) {
      above_.pop_back();
    }
    while (!protected_.empty() && !is_beneath(path, protected_.back().path)) protected_.pop_back();
  }

  // What a later layer took away no earlier one gives back; and a default never gives anything
  // back.
  bool taken_away(const Candidate& candidate) const {
    const bool by_default = candidate.rank == kDefaultRank && !above_.empty() &&
                            takes_away(rules_[above_.back().index].grant);
    return by_default || std::ranges::any_of(above_, [&](const Open& open) {
             return open.rank > candidate.rank && takes_away(rules_[open.index].grant);
           });
  }

  bool kept_from_writing(const Candidate& candidate) const {
    return std::ranges::any_of(protected_,
                               [&](const Protected& above) { return above.rank > candidate.rank; });
  }

  std::vector<Rule> rules_;
  std::vector<Open> above_;
  std::vector<Protected> protected_;
};

}  // namespace

Grant to_grant(Access access) {
  switch (access) {
    case Access::Read:
    case Access::Protect:
      return Grant::Read;
    case Access::Write:
      return Grant::Write;
    case Access::Deny:
      return Grant::Deny;
    case Access::Hide:
      return Grant::Hide;
  }
  return Grant::Deny;
}

std::string_view word(Grant grant) {
  switch (grant) {
    case Grant::Read:
      return "read";
    case Grant::Write:
      return "write";
    case Grant::Scratch:
      return "a private directory";
    case Grant::Deny:
      return "deny";
    case Grant::Hide:
      return "hide";
  }
  return "?";
}

Result<std::vector<Rule>> settle(std::vector<Candidate> candidates,
                                 const std::vector<std::size_t>& before) {
  const std::vector<std::size_t> sorted = in_tree_order(candidates, before);
  Linker linker(candidates.size());
  std::vector<Candidate> same;
  for (std::size_t i = 0; i < sorted.size();) {
    same.clear();
    same.push_back(std::move(candidates[sorted[i]]));
    for (++i; i < sorted.size() && candidates[sorted[i]].rule.path == same.front().rule.path; ++i) {
      same.push_back(std::move(candidates[sorted[i]]));
    }
    linker.add(TRY(settle_one(same)));
  }
  return linker.take();
}

bool is_mounted(const RuleSet& set, const Rule& rule) {
  if (takes_away(rule.grant) || rule.grant == Grant::Scratch) return false;
  if (rule.anchor || rule.parent < 0) return true;
  return set.rules[static_cast<std::size_t>(rule.parent)].grant != rule.grant;
}

}  // namespace cordon::native
