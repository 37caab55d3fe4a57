// Values as TOML writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cordon {

// A basic string, escaped; bytes that are not UTF-8 cannot stand in TOML and become U+FFFD.
std::string toml_string(std::string_view text);
// A bare key where it can be one, else a quoted one.
std::string toml_key(std::string_view text);

// As written in a policy, exact: "512M", "1G", 5000.
std::string size_text(std::uint64_t bytes);
// "5m", "90s", "1500ms".
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace cordon
