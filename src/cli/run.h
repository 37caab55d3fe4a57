// `cordon run`: one command in a fresh sandbox, with the caller's streams.
#pragma once

#include <span>

namespace cordon::cli {

// `arguments` are those after `run`. Returns the exit status.
int run_main(std::span<char* const> arguments);

}  // namespace cordon::cli
