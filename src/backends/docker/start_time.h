// When a process started: with its number it says which process it is, for numbers are used again.
#pragma once

#include <optional>
#include <string_view>

namespace cordon::docker {

std::optional<long long> to_number(std::string_view text);

// Field 22 of /proc/PID/stat; empty where it has none.
std::string_view start_in_stat(std::string_view stat);

// Of /proc/self/timens_offsets: by how many ticks the time since the boot is moved in this time
// namespace (Linux 5.6).
long long boot_offset(std::string_view offsets, long ticks_per_second);

// In ticks of the host's clock since its boot: the same in every time namespace but for one tick,
// for the kernel rounds after it has moved it. Absent: no such process, or it is hidden.
std::optional<long long> start_time(std::string_view pid);

}  // namespace cordon::docker
