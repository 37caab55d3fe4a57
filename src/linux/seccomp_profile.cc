#include "linux/seccomp_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "core/try.h"
#include "linux/seccomp_names.h"

namespace cordon::seccomp {

namespace {

constexpr std::uint32_t kMostError = 4095;  // MAX_ERRNO of the kernel
constexpr std::uint32_t kMostTraceData = 0xffff;
constexpr std::size_t kMostNames = 16384;
constexpr std::size_t kLongestName = 64;

std::unexpected<Error> refuse(std::string subject, std::string detail) {
  return std::unexpected(
      invalid_argument("use the seccomp profile", std::move(subject), std::move(detail)));
}

Result<Decision> decide(SeccompAction action, std::optional<std::uint32_t> error,
                        const std::string& subject) {
  Decision decision{.action = action, .data = 0};
  if (action == SeccompAction::Errno) {
    decision.data = error.value_or(EPERM);
    if (decision.data > kMostError) {
      return refuse(subject, fmt::format("error number {}: at most {}", decision.data, kMostError));
    }
  } else if (action == SeccompAction::Trace) {
    decision.data = error.value_or(EPERM);
    if (decision.data > kMostTraceData) {
      return refuse(subject,
                    fmt::format("tracer's data {}: at most {}", decision.data, kMostTraceData));
    }
  }
  return decision;
}

Result<void> check_conditions(const SeccompRule& rule, const std::string& subject) {
  unsigned seen = 0;
  for (const SeccompCondition& condition : rule.conditions) {
    if (condition.argument > 5) {
      return refuse(subject, fmt::format("argument {}: there are 0 to 5", condition.argument));
    }
    if ((seen >> condition.argument & 1U) != 0) {
      return refuse(subject, fmt::format("two conditions on argument {}: make them two rules",
                                         condition.argument));
    }
    seen |= 1U << condition.argument;
    const bool never =
        (condition.comparison == SeccompComparison::MaskedEqual &&
         (condition.value & ~condition.mask) != 0) ||
        (condition.comparison == SeccompComparison::Less && condition.value == 0) ||
        (condition.comparison == SeccompComparison::Greater && condition.value == UINT64_MAX);
    if (never) {
      return refuse(subject,
                    fmt::format("the condition on argument {} can never hold", condition.argument));
    }
  }
  return {};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<void> add(CallRules& call, const SeccompRule& rule, const Decision& decision) {
  if (rule.conditions.empty()) {
    if (call.has_plain && call.plain != decision) {
      return refuse(call.name, "two rules without conditions give different answers");
    }
    call.has_plain = true;
    call.plain = decision;
    return {};
  }
  if (call.conditional.size() >= kMostConditionalRules) {
    return refuse(call.name, fmt::format("at most {} rules with conditions for one call",
                                         kMostConditionalRules));
  }
  for (const ConditionalDecision& other : call.conditional) {
    if (other.decision != decision && can_both_hold(other.conditions, rule.conditions)) {
      return refuse(call.name,
                    fmt::format("two rules that can both hold give different answers: {} "
                                "and {}",
                                to_string(other.decision.action), to_string(decision.action)));
    }
  }
  call.conditional.push_back({decision, rule.conditions});
  return {};
}

// --- Whether two conditions on one argument can both hold
// -----------------------------------------

struct Interval {
  std::uint64_t least;
  std::uint64_t most;
};

// What lies outside can not hold; for MaskedEqual and NotEqual some inside cannot either.
Interval bounds(const SeccompCondition& condition) {
  switch (condition.comparison) {
    case SeccompComparison::Equal:
      return {condition.value, condition.value};
    case SeccompComparison::Less:
      return {0, condition.value - 1};
    case SeccompComparison::LessOrEqual:
      return {0, condition.value};
    case SeccompComparison::Greater:
      return {condition.value + 1, UINT64_MAX};
    case SeccompComparison::GreaterOrEqual:
      return {condition.value, UINT64_MAX};
    case SeccompComparison::MaskedEqual:
      return {condition.value, condition.value | ~condition.mask};
    case SeccompComparison::NotEqual:
      break;
  }
  return {0, UINT64_MAX};
}

std::uint64_t mask_of(const SeccompCondition& condition) {
  if (condition.comparison == SeccompComparison::MaskedEqual) return condition.mask;
  return condition.comparison == SeccompComparison::Equal ? UINT64_MAX : 0;
}

bool is_excluded(const SeccompCondition& not_equal, const SeccompCondition& other) {
  const Interval allowed = bounds(other);
  return not_equal.comparison == SeccompComparison::NotEqual && allowed.least == allowed.most &&
         allowed.least == not_equal.value;
}

bool can_both_hold(const SeccompCondition& a, const SeccompCondition& b) {
  if (((a.value ^ b.value) & mask_of(a) & mask_of(b)) != 0) return false;
  if (is_excluded(a, b) || is_excluded(b, a)) return false;
  const Interval left = bounds(a);
  const Interval right = bounds(b);
  return left.least <= right.most && right.least <= left.most;
}

}  // namespace

bool can_both_hold(const std::vector<SeccompCondition>& a, const std::vector<SeccompCondition>& b) {
  return std::ranges::all_of(a, [&](const SeccompCondition& one) {
    return std::ranges::all_of(b, [&](const SeccompCondition& other) {
      return one.argument != other.argument || can_both_hold(one, other);
    });
  });
}

bool is_refusal(SeccompAction action) {
  return action == SeccompAction::KillProcess || action == SeccompAction::KillThread ||
         action == SeccompAction::Trap || action == SeccompAction::Errno;
}

Decision default_decision(const SeccompProfile& profile) {
  return decide(profile.default_action, profile.default_error, {}).value_or(Decision{});
}

Result<std::vector<CallRules>> read_calls(const SeccompProfile& profile) {
  const Decision otherwise = TRY(decide(profile.default_action, profile.default_error, "default"));
  for (const std::string& architecture : profile.architectures) {
    if (architecture_name(architecture).empty()) {
      return refuse(architecture, "no such architecture; one is SCMP_ARCH_X86_64");
    }
  }
  std::vector<CallRules> calls;
  std::map<std::string_view, std::size_t> where;
  std::size_t names = 0;
  for (const SeccompRule& rule : profile.rules) {
    const std::string subject = rule.names.empty() ? "a rule" : rule.names.front();
    if (rule.names.empty()) return refuse(subject, "it names no call");
    const Decision decision = TRY(decide(rule.action, rule.error, subject));
    TRY(check_conditions(rule, subject));
    for (const std::string& name : rule.names) {
      if (!is_name(name)) return refuse(name, "not the name of a system call");
      if (++names > kMostNames) return refuse({}, fmt::format("more than {} names", kMostNames));
      const auto [at, added] = where.try_emplace(name, calls.size());
      if (added) calls.push_back({.name = name, .plain = otherwise, .conditional = {}});
      TRY(add(calls[at->second], rule, decision));
    }
  }
  return calls;
}

}  // namespace cordon::seccomp
