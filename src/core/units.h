// Sizes and durations as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

// "4096", "64k", "512M", "1.5G", "2GiB": a whole or decimal number of bytes, or of K, M, G, T, P,
// E, each 1024 times the one before. At most 2^63 - 1, so that it fits every kernel interface. Zero
// is a size.
Result<std::uint64_t> parse_size(std::string_view text);

// "200ms", "1.5s", "5m", "1h30m"; a bare number is seconds. Above zero, at most 36500 days.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

// For people: "0 B", "1.5 MiB".
std::string format_size(std::uint64_t bytes);
// For people: "850us", "1.5s", "1h30m".
std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace cordon
