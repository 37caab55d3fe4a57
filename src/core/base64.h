// Bytes as text (RFC 4648, section 4), with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cordon {

std::string encode_base64(std::string_view bytes);
// Absent for what encode_base64() does not make: other characters, line breaks, missing padding,
// bits that mean nothing.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace cordon
