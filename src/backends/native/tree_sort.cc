#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <span>
#include <string_view>

#include "native/candidate.h"
#include "native/paths.h"

namespace cordon::native {

namespace {

bool comes_before(const Candidate& left, const Candidate& right) {
  if (left.rule.path != right.rule.path) return tree_order(left.rule.path, right.rule.path);
  return left.rank < right.rank;
}

std::size_t common_prefix(const std::vector<Candidate>& candidates,
                          std::span<const std::size_t> indices) {
  std::string_view prefix = candidates[indices.front()].rule.path;
  for (const std::size_t index : indices) {
    prefix = prefix.substr(0, native::common_prefix(prefix, candidates[index].rule.path));
  }
  return prefix.size();
}

// Seven characters as one number in the order of tree_order(): the end, a separator, the others.
std::uint64_t key_of(std::string_view path, std::size_t from) {
  std::uint64_t key = 0;
  for (std::size_t i = from; i < from + 7; ++i) {
    std::uint64_t digit = 0;
    if (i < path.size()) digit = path[i] == '/' ? 1 : static_cast<unsigned char>(path[i]) + 1U;
    key = key << 9 | digit;
  }
  return key;
}

// Most rules of a long list differ soon after what they all have in common.
void sort(const std::vector<Candidate>& candidates, std::span<std::size_t> indices) {
  if (indices.empty()) return;
  const std::size_t from = common_prefix(candidates, indices);
  struct Keyed {
    std::uint64_t key;
    std::size_t index;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(indices.size());
  for (const std::size_t index : indices) {
    keyed.push_back({key_of(candidates[index].rule.path, from), index});
  }
  std::ranges::sort(keyed, [&](const Keyed& a, const Keyed& b) {
    if (a.key != b.key) return a.key < b.key;
    const Candidate& left = candidates[a.index];
    const Candidate& right = candidates[b.index];
    if (comes_before(left, right)) return true;
    return !comes_before(right, left) && a.index < b.index;
  });
  std::ranges::transform(keyed, indices.begin(), &Keyed::index);
}

}  // namespace

std::vector<std::size_t> in_tree_order(const std::vector<Candidate>& candidates,
                                       const std::vector<std::size_t>& sorted) {
  std::vector<std::size_t> added(candidates.size() - sorted.size());
  std::iota(added.begin(), added.end(), sorted.size());
  sort(candidates, added);
  if (sorted.empty()) return added;
  std::vector<std::size_t> all;
  all.reserve(candidates.size());
  std::ranges::merge(sorted, added, std::back_inserter(all), [&](std::size_t a, std::size_t b) {
    return comes_before(candidates[a], candidates[b]);
  });
  return all;
}

}  // namespace cordon::native
