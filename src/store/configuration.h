// The table of configuration: what was changed while the daemon ran, and is to hold for the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace cordon::store {

Result<void> set_configuration(Database& database, std::string_view key, std::string_view value);
Result<std::optional<std::string>> configuration(Database& database, std::string_view key);

}  // namespace cordon::store
