// A rule before it is known which rules for the same path it meets, and who wins.
#pragma once

#include <cstddef>
#include <vector>

#include "cordon/error.h"
#include "native/rules.h"

namespace cordon::native {

// Who wins when two rules name the same path: the default policy, the work directory itself, then
// the layers of the policy in their order.
using Rank = int;
inline constexpr Rank kDefaultRank = 0;
inline constexpr Rank kWorkDirRank = 1;
inline constexpr Rank rank_of(Layer layer) {
  return layer == Layer::Default ? kDefaultRank : kWorkDirRank + static_cast<int>(layer);
}

struct Candidate {
  Rule rule;
  Rank rank = kDefaultRank;
  std::size_t order = 0;
  Rank protected_by =
      -1;                 // a rule of that rank protects this path: earlier ones open nothing in it
  bool protects = false;  // Access::Protect: takes writing away; `rule` then says Read
  bool visible = true;    // false: grants nothing by itself, see Access::Protect
};

inline bool takes_away(Grant grant) { return grant == Grant::Deny || grant == Grant::Hide; }

std::string_view word(Grant grant);

// Each path once, parents before children and linked to them. Errors: InvalidArgument for two rules
// of one layer that contradict each other.
Result<std::vector<Rule>> settle(std::vector<Candidate> candidates);

}  // namespace cordon::native
