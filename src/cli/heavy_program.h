// Subcommands that live in programs of their own, as git has them: what they link would cost every
// run of the small program.
#pragma once

#include <span>
#include <string_view>

namespace cordon::cli {

// Replaces this process by libexec/cordon/PROGRAM with these arguments: beside the directory of
// this program, or below the prefix that it was installed to. Returns the exit status when it
// cannot.
int exec_heavy_program(std::string_view program, std::span<char* const> arguments);

}  // namespace cordon::cli
