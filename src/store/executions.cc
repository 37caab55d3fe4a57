#include "store/executions.h"

#include <limits>

#include "core/try.h"
#include "store/execution_row.h"
#include "store/lists.h"

namespace cordon::store {

namespace {

// The first thirteen columns, in the order of the table.
void bind_description(Statement& statement, const ExecutionRecord& record,
                      const std::string& args) {
  statement.bind(1, record.id)
      .bind(2, record.caller)
      .bind(3, record.command)
      .bind_blob(4, args)
      .bind(5, std::int64_t{record.arguments == ArgumentsKept::Secret})
      .bind(6, record.work_dir)
      .bind(7, record.trace)
      .bind(8, nanoseconds_of(record.created))
      .bind(9, static_cast<std::int64_t>(record.result.status))
      .bind(10, record.result.backend)
      .bind(11, static_cast<std::int64_t>(record.result.tier));
}

std::string packed_args(const ExecutionRecord& record) {
  return record.arguments == ArgumentsKept::Secret ? std::string() : pack(record.args);
}

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

std::int64_t bits_of(const std::vector<ExecutionStatus>& statuses) {
  if (statuses.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t bits = 0;
  for (const ExecutionStatus status : statuses) bits |= std::int64_t{1} << static_cast<int>(status);
  return bits;
}

}  // namespace

Result<void> insert_execution(Database& database, const ExecutionRecord& record) {
  const std::string args = packed_args(record);
  const std::string adjustments = pack_adjustments(record.result.adjustments);
  auto insert = TRY(database.statement(
      "INSERT OR IGNORE INTO executions(id, caller, command, args, args_secret, work_dir, trace, "
      "created, status, backend, tier, started, adjustments) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
  bind_description(*insert, record, args);
  insert->bind(12, nanoseconds_of(record.result.start_time)).bind_blob(13, adjustments);
  return insert->run();
}

Result<void> mark_running(Database& database, std::string_view id, Time started) {
  auto update = TRY(database.statement(
      "UPDATE executions SET status = 1, started = ?2 WHERE id = ?1 AND status = 0"));
  update->bind(1, id).bind(2, nanoseconds_of(started));
  return update->run();
}

Result<void> upsert_execution(Database& database, const ExecutionRecord& record) {
  const ExecutionResult& result = record.result;
  const std::string args = packed_args(record);
  const std::string adjustments = pack_adjustments(result.adjustments);
  const auto guarantees = TRY(id_of_guarantees(database, pack_guarantees(result.guarantees)));
  auto upsert = TRY(database.statement(
      "INSERT INTO executions(id, caller, command, args, args_secret, work_dir, trace, created, "
      "status, backend, tier, exit_code, signal, limit_hit, stdout_truncated, stderr_truncated, "
      "stdout_bytes, stderr_bytes, started, ended, duration, cpu_time, memory_peak, io_read, "
      "io_write, error, adjustments, guarantees) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
      "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28) "
      "ON CONFLICT(id) DO UPDATE SET status = ?9, exit_code = ?12, signal = ?13, limit_hit = ?14, "
      "stdout_truncated = ?15, stderr_truncated = ?16, stdout_bytes = ?17, stderr_bytes = ?18, "
      "started = ?19, ended = ?20, duration = ?21, cpu_time = ?22, memory_peak = ?23, "
      "io_read = ?24, io_write = ?25, error = ?26, adjustments = ?27, guarantees = ?28"));
  bind_description(*upsert, record, args);
  const auto& usage = result.resource_usage;
  upsert->bind(12, std::int64_t{result.exit_code})
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
  return upsert->run();
}

Result<std::optional<ExecutionRecord>> find_execution(Database& database, std::string_view id) {
  auto query = TRY(database.statement("SELECT " CORDON_EXECUTION_COLUMNS
                                      "FROM executions AS e LEFT JOIN guarantees AS g "
                                      "ON g.id = e.guarantees WHERE e.id = ?1"));
  query->bind(1, id);
  if (!TRY(query->step())) return std::nullopt;
  return read_execution(*query);
}

Result<std::vector<ExecutionRecord>> list_executions(Database& database,
                                                     const ExecutionFilter& filter,
                                                     std::string_view before, std::size_t most) {
  // Two texts, so that each has its index.
  auto query = TRY(database.statement(
      filter.caller ? "SELECT " CORDON_EXECUTION_COLUMNS
                      "FROM executions AS e LEFT JOIN guarantees AS g ON g.id = e.guarantees "
                      "WHERE e.caller = ?8 AND (?1 = '' OR e.id < ?1) AND e.status >= 2 "
                      "AND (?2 >> e.status) & 1 AND (?3 = '' OR e.backend = ?3) "
                      "AND (?4 = '' OR instr(e.command, ?4)) AND e.created >= ?5 "
                      "AND e.created < ?6 ORDER BY e.id DESC LIMIT ?7"
                    : "SELECT " CORDON_EXECUTION_COLUMNS
                      "FROM executions AS e LEFT JOIN guarantees AS g ON g.id = e.guarantees "
                      "WHERE (?1 = '' OR e.id < ?1) AND e.status >= 2 "
                      "AND (?2 >> e.status) & 1 AND (?3 = '' OR e.backend = ?3) "
                      "AND (?4 = '' OR instr(e.command, ?4)) AND e.created >= ?5 "
                      "AND e.created < ?6 ORDER BY e.id DESC LIMIT ?7"));
  query->bind(1, before)
      .bind(2, bits_of(filter.statuses))
      .bind(3, std::string_view(filter.backend))
      .bind(4, std::string_view(filter.command_contains))
      .bind(5, filter.created_after ? nanoseconds_of(*filter.created_after) : 0)
      .bind(6, filter.created_before ? nanoseconds_of(*filter.created_before)
                                     : std::numeric_limits<std::int64_t>::max())
      .bind(7, static_cast<std::int64_t>(most));
  if (filter.caller) query->bind(8, std::string_view(*filter.caller));
  std::vector<ExecutionRecord> records;
  while (TRY(query->step())) records.push_back(read_execution(*query));
  return records;
}

Result<std::int64_t> remove_execution(Database& database, std::string_view id) {
  auto remove = TRY(database.statement("DELETE FROM executions WHERE id = ?1 AND status >= 2"));
  remove->bind(1, id);
  TRY(remove->run());
  return database.changes();
}

Result<std::int64_t> remove_ended_before(Database& database, Time time,
                                         const std::optional<std::string>& caller) {
  auto remove = TRY(database.statement(
      "DELETE FROM executions WHERE status >= 2 AND ended <= ?1 AND (?2 IS NULL OR caller = ?2)"));
  remove->bind(1, nanoseconds_of(time));
  if (caller) {
    remove->bind(2, std::string_view(*caller));
  } else {
    remove->bind_null(2);
  }
  TRY(remove->run());
  return database.changes();
}

Result<void> hold_execution_quota(Database& database, std::int64_t most) {
  constexpr std::int64_t kMostAtOnce = 100;
  const std::int64_t beyond =
      TRY(database.integer("SELECT value FROM totals WHERE name = 'executions'")) - most;
  if (beyond <= 0) return {};
  auto remove =
      TRY(database.statement("DELETE FROM executions WHERE id IN "
                             "(SELECT id FROM executions WHERE status >= 2 ORDER BY id LIMIT ?1)"));
  remove->bind(1, std::min(beyond, kMostAtOnce));
  return remove->run();
}

Result<std::int64_t> end_interrupted(Database& database, Time now) {
  auto update = TRY(database.statement(
      "UPDATE executions SET error = iif(status = 0, 'the daemon ended before this started', "
      "'the daemon ended while this ran'), status = 5, exit_code = 137, "
      "started = iif(started = 0, ?1, started), ended = ?1 WHERE status < 2"));
  update->bind(1, nanoseconds_of(now));
  TRY(update->run());
  return database.changes();
}

}  // namespace cordon::store
