// Writes the guard's rules into the flat table that its broker reads (guard/table.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/guard/table.h"

namespace cordon::linux_os {

struct GuardComponent {
  guard::Shape shape = guard::Shape::Literal;
  std::string text = {};  // a literal name, or a pattern with `*`, `?`, `[...]`, `\`
};

// What lies at `anchor` + `components`, and beneath it. Of two rules that cover a path the one that
// covers it deeper wins, and the later one among equals.
struct GuardRule {
  guard::Kind kind = guard::Kind::Protect;
  std::uint8_t flags = 0;
  // A directory that no guest can rename, canonical, in the sandbox's root: a mount of it.
  std::string anchor = {};
  std::vector<GuardComponent> components = {};
};

// Errors: InvalidArgument where a rule has more than 60 components.
Result<std::vector<std::byte>> make_guard_table(std::span<const GuardRule> rules);

// The table in a memory file that nobody can change any more.
Result<UniqueFd> make_guard_file(std::span<const std::byte> table);

}  // namespace cordon::linux_os
