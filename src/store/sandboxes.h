// The table of sandboxes that outlive one execution: what a daemon owned, for the one after it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"
#include "store/times.h"

namespace cordon::store {

struct SandboxRecord {
  std::string id;
  std::string caller;
  std::string backend;
  std::string state;  // in the words of its life cycle
  Time created{};
  Time changed{};
};

// Adds it, or changes its state.
Result<void> put_sandbox(Database& database, const SandboxRecord& sandbox);
Result<void> remove_sandbox(Database& database, std::string_view id);
Result<std::vector<SandboxRecord>> list_sandboxes(Database& database);

}  // namespace cordon::store
