// The API keys of a state directory: DIR/keys.json, which `cordon keys` writes and the daemon
// reads. A file of its own: keys are made and revoked whether or not a daemon runs, and the daemon
// sees it within a second.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "server/api_key.h"

namespace cordon::serve {

// No file: no keys. Errors: it cannot be read or is damaged; others may write to it.
Result<std::vector<server::ApiKey>> read_keys(const std::string& state_dir);

// Names have 1 to 64 letters, digits, ".", "_" and "-". Replaces the whole file at once: a reader
// sees the old keys or the new ones. Errors: InvalidArgument; Conflict: the name is taken.
Result<void> add_key(const std::string& state_dir, server::ApiKey key);
// Errors: NotFound.
Result<void> revoke_key(const std::string& state_dir, std::string_view name);

}  // namespace cordon::serve
