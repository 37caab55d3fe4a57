// Durations as Go prints them, which clients of /info parse.
#pragma once

#include <chrono>
#include <string>

namespace cordon::server {

// "5m0s", "1h0m0s", "1.5s", "250ms", "0s".
std::string format_go_duration(std::chrono::nanoseconds duration);

}  // namespace cordon::server
