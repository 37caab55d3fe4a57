// The table of output: what executions wrote, for a while.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/execution_record.h"
#include "store/database.h"
#include "store/times.h"

namespace cordon::store {

struct OutputRecord {
  std::string out;
  std::string err;
  std::string events;  // in what order it came; opaque here
};

// Keeps it, and removes the oldest beyond the quota; what is larger than the whole quota is not
// kept.
Result<void> insert_output(Database& database, std::string_view execution, std::string_view out,
                           std::string_view err, std::string_view events, Time now,
                           std::uint64_t quota);
Result<std::optional<OutputRecord>> find_output(Database& database, std::string_view execution);
// Removes the oldest beyond the quota.
Result<void> hold_output_quota(Database& database, std::uint64_t quota);
// Up to `most` bytes of one stream.
Result<std::optional<std::string>> read_output(Database& database, std::string_view execution,
                                               Stream stream, std::uint64_t offset,
                                               std::uint64_t most);
Result<void> remove_output_before(Database& database, Time time);
Result<std::uint64_t> output_bytes(Database& database);

}  // namespace cordon::store
