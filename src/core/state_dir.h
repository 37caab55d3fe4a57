// Where Cordon keeps what it keeps, unless it is told.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cordon {

using Variables = std::function<std::optional<std::string>(std::string_view name)>;

// $CORDON_STATE_DIR; of root /var/lib/cordon; else $XDG_STATE_HOME/cordon or below ~/.local/state.
std::string default_state_dir(const Variables& variable, unsigned uid);

}  // namespace cordon
