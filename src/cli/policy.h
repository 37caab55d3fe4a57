// `cordon policy`: what holds and why, whether a file is right, what a file may say.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

// `arguments` are those after `policy`. Returns the exit status.
int policy_main(std::span<char* const> arguments);

// Of `policy check` and `policy schema`; `policy show` takes those of `run`.
std::span<const OptionSpec> policy_option_table();

}  // namespace cordon::cli
