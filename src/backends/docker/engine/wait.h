// Waiting for a descriptor that an engine is behind.
#pragma once

#include <string>

#include "cordon/error.h"
#include "engine/connection.h"

namespace cordon::engine {

Error unavailable(const std::string& where, std::string detail, int error_number = 0);

// What of poll(2)'s `events` is there. Errors: Unavailable: not in time; Conflict: cancelled.
Result<short> wait_for(int fd, short events, const Until& until, const std::string& where);

}  // namespace cordon::engine
