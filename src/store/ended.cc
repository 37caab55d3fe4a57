#include "store/ended.h"

#include <optional>
#include <string>

#include "core/try.h"
#include "store/execution_row.h"
#include "store/executions.h"
#include "store/output.h"

namespace cordon::store {

namespace {

constexpr std::size_t kMuchOutput = 8 << 10;

#define CORDON_ENDED_COLUMNS                                                                  \
  "id, caller, command, args, args_secret, work_dir, trace, created, status, backend, tier, " \
  "exit_code, signal, limit_hit, stdout_truncated, stderr_truncated, stdout_bytes, "          \
  "stderr_bytes, started, ended, duration, cpu_time, memory_peak, io_read, io_write, error, " \
  "adjustments, guarantees"

Result<std::optional<std::int64_t>> id_of_guarantees(Database& database, const std::string& text) {
  if (text.empty()) return std::nullopt;
  {
    auto find = TRY(database.statement("SELECT id FROM guarantees WHERE text = ?1"));
    find->bind_blob(1, text);
    if (TRY(find->step())) return find->integer(0);
  }
  auto insert = TRY(database.statement("INSERT INTO guarantees(text) VALUES (?1) RETURNING id"));
  insert->bind_blob(1, text);
  TRY(insert->step());
  const std::int64_t id = insert->integer(0);
  TRY(insert->run());
  return id;
}

std::optional<std::int64_t> number(std::optional<std::uint64_t> value) {
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

enum class Output { Staged, Left };

Result<void> insert_row(Database& database, const EndedExecution& ended, Time now, Output output) {
  const ExecutionRecord& record = ended.record;
  const ExecutionResult& result = record.result;
  const std::string args = packed_args(record);
  const std::string adjustments = pack_adjustments(result.adjustments);
  const auto guarantees = TRY(id_of_guarantees(database, pack_guarantees(result.guarantees)));
  auto insert = TRY(database.statement(
      "INSERT INTO ended(" CORDON_ENDED_COLUMNS
      ", out, err, events, size, kept) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
      "?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)"));
  bind_description(*insert, record, args);
  const auto& usage = result.resource_usage;
  insert->bind(12, std::int64_t{result.exit_code})
      .bind(13, result.signal ? std::optional<std::int64_t>(*result.signal) : std::nullopt)
      .bind(14, result.limit_hit
                    ? std::optional<std::int64_t>(static_cast<std::int64_t>(*result.limit_hit))
                    : std::nullopt)
      .bind(15, std::int64_t{result.stdout_truncated})
      .bind(16, std::int64_t{result.stderr_truncated})
      .bind(17, static_cast<std::int64_t>(record.stdout_bytes))
      .bind(18, static_cast<std::int64_t>(record.stderr_bytes))
      .bind(19, nanoseconds_of(result.start_time))
      .bind(20, nanoseconds_of(result.end_time))
      .bind(21, std::int64_t{result.duration.count()})
      .bind(22, number(usage ? std::optional(usage->cpu_time_ns) : std::nullopt))
      .bind(23, number(usage ? std::optional(usage->memory_peak_bytes) : std::nullopt))
      .bind(24, number(usage ? std::optional(usage->io_read_bytes) : std::nullopt))
      .bind(25, number(usage ? std::optional(usage->io_write_bytes) : std::nullopt))
      .bind(26, result.error)
      .bind_blob(27, adjustments)
      .bind(28, guarantees);
  if (output == Output::Staged) {
    insert->bind_blob(29, ended.out)
        .bind_blob(30, ended.err)
        .bind_blob(31, ended.events)
        .bind(32,
              static_cast<std::int64_t>(ended.out.size() + ended.err.size() + ended.events.size()))
        .bind(33, nanoseconds_of(now));
  } else {
    for (int index = 29; index <= 33; ++index) insert->bind_null(index);
  }
  return insert->run();
}

}  // namespace

Result<void> insert_ended(Database& database, const EndedExecution& ended, Time now,
                          std::uint64_t output_quota) {
  const std::size_t size = ended.out.size() + ended.err.size() + ended.events.size();
  if (size <= kMuchOutput && size <= output_quota) {
    return insert_row(database, ended, now, Output::Staged);
  }
  TRY(insert_row(database, ended, now, Output::Left));
  return insert_output(database, ended.record.id, ended.out, ended.err, ended.events, now,
                       output_quota);
}

Result<void> settle_ended(Database& database, std::uint64_t output_quota,
                          std::int64_t most_executions) {
  // "WHERE true": without it ON CONFLICT reads as a join's ON.
  TRY(database.execute(
      "INSERT INTO executions(" CORDON_ENDED_COLUMNS ") SELECT " CORDON_ENDED_COLUMNS
      " FROM ended WHERE true ORDER BY number ON CONFLICT(id) DO UPDATE SET "
      "status = excluded.status, exit_code = excluded.exit_code, signal = excluded.signal, "
      "limit_hit = excluded.limit_hit, stdout_truncated = excluded.stdout_truncated, "
      "stderr_truncated = excluded.stderr_truncated, stdout_bytes = excluded.stdout_bytes, "
      "stderr_bytes = excluded.stderr_bytes, started = excluded.started, ended = excluded.ended, "
      "duration = excluded.duration, cpu_time = excluded.cpu_time, "
      "memory_peak = excluded.memory_peak, io_read = excluded.io_read, "
      "io_write = excluded.io_write, error = excluded.error, "
      "adjustments = excluded.adjustments, guarantees = excluded.guarantees;"
      "INSERT OR IGNORE INTO output(execution, out, err, events, size, created) "
      "SELECT id, out, err, events, size, kept FROM ended WHERE size IS NOT NULL ORDER BY number;"
      "DELETE FROM ended"));
  TRY(hold_output_quota(database, output_quota));
  return hold_execution_quota(database, most_executions);
}

}  // namespace cordon::store
