// Writing without stdio, which would cost a start-up more than it saves.
#pragma once

#include <string_view>

namespace cordon::cli {

// Everything, or false with errno set.
bool write_all(int fd, std::string_view text);

// On standard output. Returns the exit status.
int print(std::string_view text);

// One line on standard error: "cordon run: ...". Nobody to tell when that fails.
void complain(std::string_view who, std::string_view what);

}  // namespace cordon::cli
