// `cordon policy`: what holds and why, whether a file is right, what a file may say.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

// `arguments` are those after `policy`. Returns the exit status.
int policy_main(std::span<char* const> arguments);

// Of `policy` itself and of `policy schema`.
std::span<const OptionSpec> policy_option_table();
// Of `policy show`, which also takes those of `run`.
std::span<const OptionSpec> policy_show_option_table();
std::span<const OptionSpec> policy_check_option_table();

}  // namespace cordon::cli
