#include "store/executions.h"

#include <limits>

#include "core/try.h"
#include "store/execution_row.h"
#include "store/lists.h"

namespace cordon::store {

namespace {

std::int64_t bits_of(const std::vector<ExecutionStatus>& statuses) {
  if (statuses.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t bits = 0;
  for (const ExecutionStatus status : statuses) bits |= std::int64_t{1} << static_cast<int>(status);
  return bits;
}

}  // namespace

Result<void> insert_execution(Database& database, const ExecutionRecord& record) {
  RowPacker packer;
  pack_description(packer, record);
  packer.add(nanoseconds_of(record.result.start_time))
      .add_blob(pack_adjustments(record.result.adjustments));
  const std::string row = packer.take();
  auto insert = TRY(database.statement(
      "INSERT OR IGNORE INTO executions(id, caller, command, args, args_secret, work_dir, trace, "
      "created, status, backend, tier, started, adjustments) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
  TRY(RowUnpacker(row).bind(*insert, 1, kDescriptionColumns + 2));
  return insert->run();
}

Result<void> mark_running(Database& database, std::string_view id, Time started) {
  auto update = TRY(database.statement(
      "UPDATE executions SET status = 1, started = ?2 WHERE id = ?1 AND status = 0"));
  update->bind(1, id).bind(2, nanoseconds_of(started));
  return update->run();
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
  constexpr std::int64_t kMostAtOnce = 1000;
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
