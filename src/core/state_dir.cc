#include "core/state_dir.h"

namespace cordon {

namespace {

std::string absolute_or_nothing(const std::optional<std::string>& value) {
  return value && value->starts_with('/') ? *value : std::string();
}

}  // namespace

std::string default_state_dir(const Variables& variable, unsigned uid) {
  if (auto stated = absolute_or_nothing(variable("CORDON_STATE_DIR")); !stated.empty()) {
    return stated;
  }
  if (uid == 0) return "/var/lib/cordon";
  const std::string state = absolute_or_nothing(variable("XDG_STATE_HOME"));
  if (!state.empty()) return state + "/cordon";
  return absolute_or_nothing(variable("HOME")) + "/.local/state/cordon";
}

}  // namespace cordon
