// A filter over system call numbers, rewritten as a binary search over ranges of equal answers.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cordon::tools {

using Program = std::vector<sock_filter>;

// libseccomp compares with every number that is listed, several hundred of them; neighbours mostly
// have the same answer, so a quarter of the instructions does, and loading a filter costs by the
// instruction. `table` may look at the number and the architecture only. Nothing if it does more,
// or if the result would not answer every number exactly as `table` does.
std::optional<Program> as_ranges(std::span<const sock_filter> table, std::uint32_t architecture);

}  // namespace cordon::tools
