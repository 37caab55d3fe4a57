// Turning "this answer, except where a condition holds" round, into conditions that do not overlap.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "core/try.h"
#include "linux/seccomp_profile.h"

namespace cordon::seccomp {

namespace {

// The calls whose arguments have these bits: a product of (argument & mask) == value.
struct Bits {
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};
using Region = std::array<Bits, 6>;

std::optional<Region> region_of(const std::vector<SeccompCondition>& conditions) {
  Region region;
  for (const SeccompCondition& condition : conditions) {
    Bits& bits = region[condition.argument];
    if (condition.comparison == SeccompComparison::Equal) {
      bits = {UINT64_MAX, condition.value};
    } else if (condition.comparison == SeccompComparison::MaskedEqual) {
      bits = {condition.mask, condition.value};
    } else {
      return std::nullopt;
    }
  }
  return region;
}

bool disjoint(const Region& a, const Region& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (((a[i].value ^ b[i].value) & a[i].mask & b[i].mask) != 0) return true;
  }
  return false;
}

// Appends what is left of `whole` without `hole`, in pieces that do not overlap: for each bit that
// the hole asks for, the part in which that bit is the first to differ. The highest bit comes
// first: holes that lie close together, as the numbers of requests do, share most pieces so, and an
// engine reads the rules anew for every command that it runs in a container.
void subtract(Region whole, const Region& hole, std::vector<Region>& pieces) {
  if (disjoint(whole, hole)) {
    pieces.push_back(whole);
    return;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (std::uint64_t left = hole[i].mask & ~whole[i].mask; left != 0;) {
      const std::uint64_t bit = std::bit_floor(left);
      left &= ~bit;
      Region piece = whole;
      piece[i].mask |= bit;
      piece[i].value |= ~hole[i].value & bit;
      pieces.push_back(piece);
      whole[i].mask |= bit;
      whole[i].value |= hole[i].value & bit;
    }
  }
}

SeccompRule rule_of(const std::string& name, const Decision& decision, const Region& region) {
  SeccompRule rule{.names = {name}, .action = decision.action, .error = {}, .conditions = {}};
  if (decision.action == SeccompAction::Errno || decision.action == SeccompAction::Trace) {
    rule.error = decision.data;
  }
  for (unsigned i = 0; i < region.size(); ++i) {
    if (region[i].mask == 0) continue;
    rule.conditions.push_back({.argument = i,
                               .comparison = SeccompComparison::MaskedEqual,
                               .value = region[i].value,
                               .mask = region[i].mask});
  }
  return rule;
}

Result<void> add_rest(const CallRules& call, std::vector<SeccompRule>& rules) {
  std::vector<Region> rest{Region{}};
  for (const ConditionalDecision& exception : call.conditional) {
    const auto hole = region_of(exception.conditions);
    std::vector<Region> smaller;
    if (hole) {
      for (const Region& region : rest) subtract(region, *hole, smaller);
    }
    if (!hole || smaller.size() + call.conditional.size() > kMostConditionalRules) {
      return std::unexpected(invalid_argument(
          "write the seccomp profile without overlap", call.name,
          hole ? "its exceptions are too many to turn round"
               : "an exception that is neither EQ nor MASKED_EQ cannot be turned round"));
    }
    rest = std::move(smaller);
  }
  for (const Region& region : rest) rules.push_back(rule_of(call.name, call.plain, region));
  return {};
}

}  // namespace

Result<SeccompProfile> without_overlap(const SeccompProfile& profile) {
  const auto calls = TRY(read_calls(profile));
  SeccompProfile result = profile;
  for (const CallRules& call : calls) {
    const bool overlaps =
        call.has_plain && std::ranges::any_of(call.conditional, [&](const auto& exception) {
          return exception.decision != call.plain;
        });
    if (!overlaps) continue;
    for (SeccompRule& rule : result.rules) {
      if (rule.conditions.empty()) std::erase(rule.names, call.name);
    }
    // What is left is refused by the default as well, only with another error number.
    if (is_refusal(profile.default_action) && is_refusal(call.plain.action)) continue;
    TRY(add_rest(call, result.rules));
  }
  std::erase_if(result.rules, [](const SeccompRule& rule) { return rule.names.empty(); });
  return result;
}

}  // namespace cordon::seccomp
