// What an engine says went wrong, as an Error of ours.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

// One line of at most 400 bytes, without control characters: a message may quote what a guest
// chose.
std::string printable(std::string_view text);

// From an answer that is a refusal: the status, and {"message": "..."} or text. 404 is NotFound,
// 409 Conflict, 400 InvalidArgument, 401 and 403 PermissionDenied, 503 Unavailable, others
// Internal.
Error refusal(std::string operation, std::string subject, unsigned status, std::string_view body);

}  // namespace cordon::engine
