// Values as policies write them.
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

// A pattern as a policy writes it: a `$` or `~` would be taken for a variable of whoever reads it.
std::string as_written(std::string_view pattern);

// As written in a policy, exact: "512M", "1G", 5000.
std::string size_text(std::uint64_t bytes);
// "5m", "90s", "1500ms".
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace cordon
