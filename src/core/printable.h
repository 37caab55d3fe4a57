// Text of strangers on its way to a terminal.
#pragma once

#include <string>
#include <string_view>

namespace cordon {

// UTF-8 without anything that a terminal would obey or that would hide what stands there: control
// characters, also those of two bytes (U+0080 to U+009F), marks of writing direction, characters
// without width, line separators. They are written as "\x1b" and "\u202e"; bytes that are not UTF-8
// become U+FFFD. JSON stays JSON, with the same meaning.
std::string printable(std::string_view text);

}  // namespace cordon
