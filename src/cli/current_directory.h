#pragma once

#include <string>

namespace cordon::cli {

// Absolute and free of symbolic links; empty when it cannot be told.
std::string current_directory();

}  // namespace cordon::cli
