// The tables, and how those of an earlier version become today's.
#pragma once

#include <cstdint>

#include "cordon/error.h"
#include "store/database.h"

namespace cordon::store {

// PRAGMA user_version of what this build writes.
std::int64_t schema_version();

// All steps that are missing, in one transaction. Errors: Unsupported: a newer version wrote it.
Result<void> migrate(Database& database);

}  // namespace cordon::store
