// Whether a git configuration file holds nothing but settings that run nothing: `git init`,
// `git remote add` and `git clone` write such files in a repository that is made in the sandbox,
// and the next `git status` on the host reads them.
#pragma once

#include "linux/guard/text.h"

namespace cordon::guard {

inline constexpr std::size_t kLongestGitConfig = 32 * 1024;

// A list of what is harmless, not of what is harmful: git learns new settings that name commands
// with every version. Whatever git's syntax has beyond plain "[section "name"]" and "key = value"
// lines is not harmless.
bool is_harmless_git_config(Text content);

}  // namespace cordon::guard
