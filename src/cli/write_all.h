// Writing without stdio, which would cost a start-up more than it saves.
#pragma once

#include <string_view>

#include "core/write_all.h"

namespace cordon::cli {

using cordon::write_all;

// On standard output. Returns the exit status.
int print(std::string_view text);

// One line on standard error: "cordon run: ...". Nobody to tell when that fails.
void complain(std::string_view who, std::string_view what);

}  // namespace cordon::cli
