// Times as JSON and logs have them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cordon {

// "2026-01-02T03:04:05.000000006Z".
std::string format_rfc3339(std::chrono::system_clock::time_point time);

// A time in UTC, with any fraction of a second or none; absent for anything else.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace cordon
