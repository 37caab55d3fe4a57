// Paths as a policy writes them: with ~ and variables, relative to the work directory.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

struct PathContext {
  std::string home;      // absolute
  std::string work_dir;  // absolute
  // The caller's variables; absent or empty: not set.
  std::function<std::optional<std::string_view>(std::string_view name)> variable;
};

// `~` and `~/...`, `$NAME`, `${NAME}`, `${NAME:-instead}`; `\` takes the meaning away. What is put
// in is taken literally, whatever characters it has. A value at the front that is not an absolute
// path counts as not set. The result is an absolute pattern; absent when a variable without `:-` is
// not set. Errors: the text is malformed.
Result<std::optional<std::string>> expand_path(std::string_view text, const PathContext& context);

// Whether expand_path() and the pattern in it are well-formed and say something: the check that
// needs no context. `Anchored` texts do not depend on the work directory.
enum class Anchor { Any, Absolute };
Result<void> check_path_text(std::string_view text, Anchor anchor);

}  // namespace cordon
