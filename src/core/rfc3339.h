// Times as JSON and logs have them.
#pragma once

#include <chrono>
#include <string>

namespace cordon {

// "2026-01-02T03:04:05.000000006Z".
std::string format_rfc3339(std::chrono::system_clock::time_point time);

}  // namespace cordon
