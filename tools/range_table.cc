#include "range_table.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "linux/bpf_evaluator.h"

namespace cordon::tools {
namespace {

constexpr std::uint32_t kNumberOffset = offsetof(seccomp::SystemCall, number);
constexpr std::uint32_t kArchitectureOffset = offsetof(seccomp::SystemCall, architecture);
constexpr std::size_t kHeader = 4;

struct Range {
  std::uint32_t first;
  std::uint32_t answer;
};

std::optional<std::uint32_t> answer(std::span<const sock_filter> program, std::uint32_t number,
                                    std::uint32_t architecture) {
  return seccomp::evaluate(
      program, {.number = static_cast<std::int32_t>(number), .architecture = architecture});
}

// Every number at which the answer can change: programs of the accepted instructions tell numbers
// apart by comparing with constants only. Nothing if there are other instructions.
std::optional<std::set<std::uint32_t>> turning_points(std::span<const sock_filter> table) {
  std::set<std::uint32_t> points{0};
  for (const sock_filter& instruction : table) {
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.k != kNumberOffset && instruction.k != kArchitectureOffset) {
          return std::nullopt;
        }
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
        points.insert(instruction.k);
        if (instruction.k != UINT32_MAX) points.insert(instruction.k + 1);
        break;
      case BPF_JMP | BPF_JA:
      case BPF_RET | BPF_K:
        break;
      default:
        return std::nullopt;
    }
  }
  return points;
}

// The search tree over `ranges`: inner nodes first, then one return for each answer.
class Tree {
 public:
  Tree(std::span<const Range> ranges, std::vector<std::uint32_t> answers)
      : answers_(std::move(answers)), leaves_(kHeader + ranges.size() - 1) {}

  // Appends the nodes of `ranges` and returns where their search starts.
  std::size_t add(Program& program, std::span<const Range> ranges) {
    if (ranges.size() == 1) return leaf(ranges[0].answer);
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

  std::size_t leaf(std::uint32_t answer) const {
    const auto found = std::ranges::find(answers_, answer);
    return leaves_ + static_cast<std::size_t>(found - answers_.begin());
  }

  bool reachable() const { return reachable_; }  // a jump spans 255 instructions at most

 private:
  std::vector<std::uint32_t> answers_;
  std::size_t leaves_;
  bool reachable_ = true;
};

}  // namespace

std::optional<Program> as_ranges(std::span<const sock_filter> table, std::uint32_t architecture) {
  const auto points = turning_points(table);
  const auto foreign = answer(table, 0, architecture ^ 1);
  if (!points || !foreign) return std::nullopt;

  std::vector<Range> ranges;
  std::vector<std::uint32_t> answers{*foreign};
  for (const std::uint32_t point : *points) {
    const auto value = answer(table, point, architecture);
    if (!value) return std::nullopt;
    if (ranges.empty() || ranges.back().answer != *value) ranges.push_back({point, *value});
    if (std::ranges::find(answers, *value) == answers.end()) answers.push_back(*value);
  }

  Tree tree(ranges, answers);
  Program program = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kArchitectureOffset},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, architecture},
      {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(tree.leaf(*foreign) - 3)},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumberOffset},
  };
  tree.add(program, ranges);
  for (const std::uint32_t value : answers) program.push_back({BPF_RET | BPF_K, 0, 0, value});
  if (!tree.reachable()) return std::nullopt;

  for (const std::uint32_t point : *points) {
    if (answer(program, point, architecture) != answer(table, point, architecture) ||
        answer(program, point, architecture ^ 1) != answer(table, point, architecture ^ 1)) {
      return std::nullopt;
    }
  }
  return program;
}

}  // namespace cordon::tools
