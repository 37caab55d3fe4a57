// Server-sent events, as browsers and curl read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cordon::server {

// Appends one event. `data` is one line: JSON text has no line breaks of its own, so that nothing a
// guest writes can end an event or begin one. A line break in it all the same becomes a space.
void append_event(std::string& out, std::uint64_t id, std::string_view name, std::string_view data);

// A comment, which readers skip: shows both ends that the other still lives.
inline constexpr std::string_view kSseHeartbeat = ": still here\n\n";

}  // namespace cordon::server
