// The table of executions.
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

// As it was taken on, or as it began to run; nothing when it is there already.
Result<void> insert_execution(Database& database, const ExecutionRecord& record);
// That it runs; nothing when it has ended.
Result<void> mark_running(Database& database, std::string_view id, Time started);

Result<std::optional<ExecutionRecord>> find_execution(Database& database, std::string_view id);
// Of those that have ended, newest first. `before`: an id, or empty.
Result<std::vector<ExecutionRecord>> list_executions(Database& database,
                                                     const ExecutionFilter& filter,
                                                     std::string_view before, std::size_t most);

// Those that have ended; with their output. Says how many.
Result<std::int64_t> remove_execution(Database& database, std::string_view id);
Result<std::int64_t> remove_ended_before(Database& database, Time time,
                                         const std::optional<std::string>& caller);
// The oldest ones beyond `most`, a few at a time.
Result<void> hold_execution_quota(Database& database, std::int64_t most);

// Whatever a daemon that is gone had under way is over.
Result<std::int64_t> end_interrupted(Database& database, Time now);

}  // namespace cordon::store
