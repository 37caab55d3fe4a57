// The table of API keys: never the key itself, only its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/execution_record.h"
#include "store/database.h"
#include "store/times.h"

namespace cordon::store {

struct ApiKey {
  std::string name;
  std::string hash;  // bytes
  CallerRole role = CallerRole::User;
  std::optional<std::int64_t> max_running = {};
  std::optional<std::int64_t> max_queued = {};
  std::string widest_policy = {};  // as the writer put it; opaque here
  Time created{};
  std::optional<Time> revoked = {};
};

// Errors: Conflict: the name is taken, also when that key was revoked.
Result<void> add_api_key(Database& database, const ApiKey& key);
// Also a revoked one.
Result<std::optional<ApiKey>> find_api_key(Database& database, std::string_view hash);
Result<std::vector<ApiKey>> list_api_keys(Database& database);
// Errors: NotFound. Revoking twice is a success.
Result<void> revoke_api_key(Database& database, std::string_view name, Time now);

}  // namespace cordon::store
