// The table of what has just ended: written in a fraction of the time that the tables take where it
// belongs, and moved there later, many at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "cordon/execution_record.h"
#include "store/database.h"
#include "store/times.h"

namespace cordon::store {

struct EndedExecution {
  const ExecutionRecord& record;
  std::string_view out;
  std::string_view err;
  std::string_view events;  // in what order it came; opaque here
};

// Found in its place after settle_ended(). Much output is written to its place at once: twice would
// be for nothing.
Result<void> insert_ended(Database& database, const EndedExecution& ended, Time now,
                          std::uint64_t output_quota);
// Moves all to their places, and removes the oldest beyond the quotas.
Result<void> settle_ended(Database& database, std::uint64_t output_quota,
                          std::int64_t most_executions);

}  // namespace cordon::store
