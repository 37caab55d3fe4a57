// A profile as rules of single calls: checked, and written without overlap where that is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/seccomp.h"

namespace cordon::seccomp {

inline constexpr std::size_t kMostConditionalRules = 512;  // of one call

struct Decision {
  SeccompAction action = SeccompAction::Allow;
  std::uint32_t data = 0;  // the error number, or what a tracer is told

  bool operator==(const Decision&) const = default;
};

struct ConditionalDecision {
  Decision decision;
  std::vector<SeccompCondition> conditions;

  bool operator==(const ConditionalDecision&) const = default;
};

// What a profile says about one call: the conditional decisions do not contradict each other.
struct CallRules {
  std::string name;
  bool has_plain = false;  // a rule without conditions names it
  Decision plain;          // else the profile's default
  std::vector<ConditionalDecision> conditional;
};

// In the order in which calls are first named. Errors: InvalidArgument, as compile(const
// SeccompProfile&) documents.
Result<std::vector<CallRules>> read_calls(const SeccompProfile& profile);

Decision default_decision(const SeccompProfile& profile);

// Kill, trap or an error.
bool is_refusal(SeccompAction action);

// Whether both can hold for one call. True where that cannot be told.
bool can_both_hold(const std::vector<SeccompCondition>& a, const std::vector<SeccompCondition>& b);

// The same profile with no call that is answered both with and without conditions; see
// to_oci_json().
Result<SeccompProfile> without_overlap(const SeccompProfile& profile);

}  // namespace cordon::seccomp
