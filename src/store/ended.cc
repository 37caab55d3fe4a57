#include "store/ended.h"

#include <optional>

#include "core/try.h"
#include "store/execution_row.h"
#include "store/executions.h"
#include "store/output.h"
#include "store/packed_row.h"

namespace cordon::store {

namespace {

constexpr std::size_t kMuchOutput = 8 << 10;

#define CORDON_ENDED_COLUMNS                                                                  \
  "id, caller, command, args, args_secret, work_dir, trace, created, status, backend, tier, " \
  "exit_code, signal, limit_hit, stdout_truncated, stderr_truncated, stdout_bytes, "          \
  "stderr_bytes, started, ended, duration, cpu_time, memory_peak, io_read, io_write, error, " \
  "adjustments, guarantees"

std::size_t size_of(const EndedExecution& ended) {
  return ended.out.size() + ended.err.size() + ended.events.size();
}

std::optional<std::int64_t> whole(std::optional<std::uint64_t> value) {
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

void pack_result(RowPacker& row, const ExecutionRecord& record) {
  const ExecutionResult& result = record.result;
  const auto& usage = result.resource_usage;
  row.add(std::int64_t{result.exit_code})
      .add(result.signal ? std::optional<std::int64_t>(*result.signal) : std::nullopt)
      .add(result.limit_hit
               ? std::optional<std::int64_t>(static_cast<std::int64_t>(*result.limit_hit))
               : std::nullopt)
      .add(std::int64_t{result.stdout_truncated})
      .add(std::int64_t{result.stderr_truncated})
      .add(static_cast<std::int64_t>(record.stdout_bytes))
      .add(static_cast<std::int64_t>(record.stderr_bytes))
      .add(nanoseconds_of(result.start_time))
      .add(nanoseconds_of(result.end_time))
      .add(std::int64_t{result.duration.count()})
      .add(whole(usage ? std::optional(usage->cpu_time_ns) : std::nullopt))
      .add(whole(usage ? std::optional(usage->memory_peak_bytes) : std::nullopt))
      .add(whole(usage ? std::optional(usage->io_read_bytes) : std::nullopt))
      .add(whole(usage ? std::optional(usage->io_write_bytes) : std::nullopt))
      .add_text(result.error)
      .add_blob(pack_adjustments(result.adjustments));
}

Result<std::optional<std::int64_t>> id_of_guarantees(Database& database, std::string_view text) {
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

}  // namespace

bool is_short(const EndedExecution& ended, std::uint64_t output_quota) {
  const std::size_t size = size_of(ended);
  return size <= kMuchOutput && size <= output_quota;
}

std::string pack_ended(const EndedExecution& ended, Time now, std::uint64_t output_quota) {
  RowPacker row;
  pack_description(row, ended.record);
  pack_result(row, ended.record);
  if (is_short(ended, output_quota)) {
    row.add_blob(ended.out)
        .add_blob(ended.err)
        .add_blob(ended.events)
        .add(static_cast<std::int64_t>(size_of(ended)))
        .add(nanoseconds_of(now));
  } else {
    for (int i = 0; i < 5; ++i) row.add_null();
  }
  row.add_blob(pack_guarantees(ended.record.result.guarantees));
  return row.take();
}

Result<void> EndedTable::insert(std::string_view packed) {
  auto insert = TRY(database_.statement(
      "INSERT INTO ended(id, caller, command, args, args_secret, work_dir, trace, created, status, "
      "backend, tier, exit_code, signal, limit_hit, stdout_truncated, stderr_truncated, "
      "stdout_bytes, stderr_bytes, started, ended, duration, cpu_time, memory_peak, io_read, "
      "io_write, error, adjustments, out, err, events, size, kept, guarantees) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
      "?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)"));
  constexpr int kColumns = 32;  // and the guarantees
  RowUnpacker row(packed);
  TRY(row.bind(*insert, 1, kColumns));
  insert->bind(kColumns + 1, TRY(id_of_guarantees(database_, TRY(row.blob()))));
  return insert->run();
}

Result<void> EndedTable::settle() {
  // "WHERE true": without it ON CONFLICT reads as a join's ON.
  TRY(database_.execute(
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
  TRY(hold_output_quota(database_, output_quota_));
  return hold_execution_quota(database_, most_executions_);
}

Result<void> EndedTable::set_settled(std::int64_t number) {
  auto update = TRY(database_.statement("UPDATE totals SET value = ?1 WHERE name = 'settled'"));
  update->bind(1, number);
  return update->run();
}

Result<std::int64_t> EndedTable::settled() {
  return database_.integer("SELECT value FROM totals WHERE name = 'settled'");
}

}  // namespace cordon::store
