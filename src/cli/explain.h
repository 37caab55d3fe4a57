// `cordon explain`: a run, and what its policy refused.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

// `arguments` are those after `explain`. Returns the exit status.
int explain_main(std::span<char* const> arguments);

// Its own options; it takes those of `cordon run`, too.
std::span<const OptionSpec> explain_option_table();

}  // namespace cordon::cli
