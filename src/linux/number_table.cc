#include "linux/number_table.h"

#include <algorithm>
#include <cstddef>

#include "linux/bpf_evaluator.h"

namespace cordon::seccomp {
namespace {

constexpr std::uint32_t kNumberOffset = offsetof(SystemCall, number);
constexpr std::uint32_t kArchitectureOffset = offsetof(SystemCall, architecture);
constexpr std::size_t kHeader = 4;

// In place of a jump to a program, until it is known where that lies. No instruction of a filter's
// has this code.
constexpr std::uint16_t kMarker = 0xffff;

sock_filter leaf(const Target& target) {
  if (target.is_program) return {kMarker, 0, 0, target.value};
  return {BPF_RET | BPF_K, 0, 0, target.value};
}

// Inner nodes first, then one leaf for each target.
class SharedLeaves {
 public:
  SharedLeaves(std::span<const Range> ranges, std::vector<Target> targets)
      : targets_(std::move(targets)), leaves_(kHeader + ranges.size() - 1) {}

  // Appends the nodes of `ranges` and returns where their search starts.
  std::size_t add(Program& program, std::span<const Range> ranges) {
    if (ranges.size() == 1) return leaf_of(ranges[0].target);
    const std::size_t at = program.size();
    const std::size_t middle = ranges.size() / 2;
    program.push_back({BPF_JMP | BPF_JGE | BPF_K, 0, 0, ranges[middle].first});
    const std::size_t below = add(program, ranges.first(middle)) - at - 1;
    const std::size_t above = add(program, ranges.subspan(middle)) - at - 1;
    reachable_ = reachable_ && below <= UINT8_MAX && above <= UINT8_MAX;
    program[at].jf = static_cast<std::uint8_t>(below);
    program[at].jt = static_cast<std::uint8_t>(above);
    return at;
  }

  std::size_t leaf_of(const Target& target) const {
    const auto found = std::ranges::find(targets_, target);
    return leaves_ + static_cast<std::size_t>(found - targets_.begin());
  }
  const std::vector<Target>& targets() const { return targets_; }
  bool reachable() const { return reachable_; }  // a jump spans 255 instructions at most

 private:
  std::vector<Target> targets_;
  std::size_t leaves_;
  bool reachable_ = true;
};

// For tables too large for that: every range has a leaf of its own, and long ways are jumps without
// a condition, which have no such limit.
Program own_leaves(std::span<const Range> ranges) {
  if (ranges.size() == 1) return {leaf(ranges[0].target)};
  const std::size_t middle = ranges.size() / 2;
  const Program below = own_leaves(ranges.first(middle));
  const Program above = own_leaves(ranges.subspan(middle));
  const auto distance = static_cast<std::uint32_t>(below.size());
  Program program;
  if (distance <= UINT8_MAX) {
    program = {
        {BPF_JMP | BPF_JGE | BPF_K, static_cast<std::uint8_t>(distance), 0, ranges[middle].first}};
  } else {
    program = {{BPF_JMP | BPF_JGE | BPF_K, 0, 1, ranges[middle].first},
               {BPF_JMP | BPF_JA, 0, 0, distance}};
  }
  program.insert(program.end(), below.begin(), below.end());
  program.insert(program.end(), above.begin(), above.end());
  return program;
}

Program header(std::uint32_t architecture, std::uint32_t to_foreign) {
  return {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kArchitectureOffset},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, architecture},
      {BPF_JMP | BPF_JA, 0, 0, to_foreign},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumberOffset},
  };
}

Program make_table(std::span<const Range> ranges, std::uint32_t architecture, Target foreign) {
  std::vector<Target> targets{foreign};
  for (const Range& range : ranges) {
    if (std::ranges::find(targets, range.target) == targets.end()) targets.push_back(range.target);
  }
  SharedLeaves tree(ranges, targets);
  Program shared = header(architecture, static_cast<std::uint32_t>(tree.leaf_of(foreign) - 3));
  tree.add(shared, ranges);
  for (const Target& target : targets) shared.push_back(leaf(target));
  if (tree.reachable()) return shared;

  const Program search = own_leaves(ranges);
  Program own = header(architecture, static_cast<std::uint32_t>(search.size() + 1));
  own.insert(own.end(), search.begin(), search.end());
  own.push_back(leaf(foreign));
  return own;
}

}  // namespace

Program join_table(std::span<const Range> ranges, std::uint32_t architecture, Target foreign,
                   std::span<const Program> programs) {
  Program joined = make_table(ranges, architecture, foreign);
  const std::size_t table_size = joined.size();
  std::vector<std::size_t> starts;
  for (const Program& program : programs) {
    starts.push_back(joined.size());
    joined.insert(joined.end(), program.begin(), program.end());
  }
  for (std::size_t at = 0; at < table_size; ++at) {
    if (joined[at].code != kMarker) continue;
    joined[at] = {BPF_JMP | BPF_JA, 0, 0,
                  static_cast<std::uint32_t>(starts[joined[at].k] - at - 1)};
  }
  return joined;
}

}  // namespace cordon::seccomp
