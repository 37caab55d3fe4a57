// The command line of `cordon doctor`.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

enum class DoctorOption { Json, Help };

std::span<const OptionSpec> doctor_option_table();

// `arguments` are those after `doctor`. Returns the exit status.
int doctor_main(std::span<char* const> arguments);

}  // namespace cordon::cli
