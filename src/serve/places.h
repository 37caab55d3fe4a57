// Where the daemon keeps what it keeps, and where it listens, unless it is told.
#pragma once

#include <string>

#include "cordon/error.h"
#include "core/state_dir.h"

namespace cordon::serve {

using cordon::default_state_dir;
using cordon::Variables;

// Of root /run/cordon.sock; else $XDG_RUNTIME_DIR/cordon.sock, or in the state directory.
std::string default_socket(const Variables& variable, unsigned uid, const std::string& state_dir);

// Makes the directory, for this user alone, with what leads to it. Errors: it cannot be made; it is
// another user's; others may write to it.
Result<void> make_state_dir(const std::string& path);

}  // namespace cordon::serve
