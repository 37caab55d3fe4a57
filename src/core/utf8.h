// A guest's bytes as text that is safe to put where UTF-8 is required.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cordon {

// Strict: overlong forms, surrogates and values above U+10FFFF are invalid. Each maximal part of an
// invalid sequence becomes one U+FFFD, as browsers do it.
std::string replace_invalid_utf8(std::string_view bytes);

// The length of `bytes` without a character whose end is missing: for text that was cut at a limit.
// Bytes that are no valid character anyway may end anywhere.
std::size_t whole_characters(std::string_view bytes);

// The length of the character at the front; 1 where the bytes there are no character. `bytes` is
// not empty.
std::size_t first_character(std::string_view bytes);

}  // namespace cordon
