// Where the daemon keeps what it keeps, and where it listens, unless it is told.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::serve {

using Variables = std::function<std::optional<std::string>(std::string_view name)>;

// $CORDON_STATE_DIR; of root /var/lib/cordon; else $XDG_STATE_HOME/cordon or below ~/.local/state.
std::string default_state_dir(const Variables& variable, unsigned uid);
// Of root /run/cordon.sock; else $XDG_RUNTIME_DIR/cordon.sock, or in the state directory.
std::string default_socket(const Variables& variable, unsigned uid, const std::string& state_dir);

// Makes the directory, for this user alone, with what leads to it. Errors: it cannot be made; it is
// another user's; others may write to it.
Result<void> make_state_dir(const std::string& path);

}  // namespace cordon::serve
