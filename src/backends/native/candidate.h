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
  Rank protected_by =
      -1;                 // a rule of that rank protects this path: earlier ones open nothing in it
  bool protects = false;  // Access::Protect: takes writing away; `rule` then says Read
  bool implied = false;   // by a rule for the root: says less than one that names the path
  bool visible = true;    // false: grants nothing by itself, see Access::Protect
};

inline bool takes_away(Grant grant) { return grant == Grant::Deny || grant == Grant::Hide; }

Grant to_grant(Access access);
std::string_view word(Grant grant);

// Indices, by path: what lies in a directory comes directly after it; of one path in the order of
// their words. `sorted` is that order for the candidates that were there before.
std::vector<std::size_t> in_tree_order(const std::vector<Candidate>& candidates,
                                       const std::vector<std::size_t>& sorted = {});

// Each path once, parents before children and linked to them. `sorted` as above. Errors:
// InvalidArgument for two rules of one layer that contradict each other.
Result<std::vector<Rule>> settle(std::vector<Candidate> candidates,
                                 const std::vector<std::size_t>& sorted = {});

}  // namespace cordon::native
