// What systemd wants to hear (sd_notify(3)); without systemd all of it does nothing.
#pragma once

#include <chrono>
#include <string_view>

namespace cordon::serve {

// "READY=1", "STOPPING=1", "WATCHDOG=1".
void notify_service_manager(std::string_view state);
// How often it wants to hear WATCHDOG=1; zero: never.
std::chrono::milliseconds watchdog_period();

}  // namespace cordon::serve
