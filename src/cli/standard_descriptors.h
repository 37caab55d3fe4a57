// A program may be started without standard streams.
#pragma once

namespace cordon::cli {

// Puts /dev/null where a standard descriptor is missing: a file that Cordon opens must never become
// its own standard output, or the command's. False when that cannot be had.
bool fill_standard_descriptors();

}  // namespace cordon::cli
