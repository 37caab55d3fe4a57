// The ends of executions, on their way through the journal to the tables where they belong.
#pragma once

#include <cstdint>
#include <string>
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

// Whether the output goes with it: much of it is not written twice.
bool is_short(const EndedExecution& ended, std::uint64_t output_quota);
// For the journal; `now`: when the output was kept. Without the output unless is_short().
std::string pack_ended(const EndedExecution& ended, Time now, std::uint64_t output_quota);

// Puts into their places what pack_ended() made of each, and removes the oldest beyond the quotas.
class EndedTable {
 public:
  EndedTable(Database& database, std::uint64_t output_quota, std::int64_t most_executions)
      : database_(database), output_quota_(output_quota), most_executions_(most_executions) {}

  Result<void> insert(std::string_view packed);
  Result<void> settle();
  // The number of the journal's last entry that was settled.
  Result<void> set_settled(std::int64_t number);
  Result<std::int64_t> settled();

 private:
  Database& database_;
  std::uint64_t output_quota_;
  std::int64_t most_executions_;
};

}  // namespace cordon::store
