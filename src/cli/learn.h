// `cordon learn`: a run, and the least policy that it needed.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

// `arguments` are those after `learn`. Returns the exit status.
int learn_main(std::span<char* const> arguments);

// Its own options; it takes most of `cordon run`, too.
std::span<const OptionSpec> learn_option_table();

}  // namespace cordon::cli
