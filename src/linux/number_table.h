// The part of a filter that tells system calls apart: a binary search over ranges of numbers that
// get the same answer. One comparison for every listed number, as libseccomp writes it, would be
// several hundred; neighbours mostly have the same answer, so a quarter of the instructions does,
// and loading a filter costs by the instruction.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

namespace cordon::seccomp {

using Program = std::vector<sock_filter>;

// What a number leads to: an answer, or one of the programs behind the table.
struct Target {
  bool is_program = false;
  std::uint32_t value = 0;  // the answer, or the program's index

  bool operator==(const Target&) const = default;
};

struct Range {
  std::uint32_t first = 0;  // up to the next range's first
  Target target;
};

// `ranges` begin with 0 and ascend. Calls of other architectures than `architecture` lead to
// `foreign`. The programs are appended in their order; each begins with nothing loaded.
Program join_table(std::span<const Range> ranges, std::uint32_t architecture, Target foreign,
                   std::span<const Program> programs);

}  // namespace cordon::seccomp
