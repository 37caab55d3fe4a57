#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "core/try.h"

namespace cordon::store {

namespace {

// Step n leads from version n to n + 1. A step that was released is never changed.
constexpr std::array kSteps = {
    // Numbers of statuses, tiers and limits are those of execution.h. Times are nanoseconds since
    // the epoch. Lists are strings that each end with a NUL byte. Ids sort by time.
    R"sql(
CREATE TABLE executions (
  id TEXT PRIMARY KEY, caller TEXT NOT NULL, command TEXT NOT NULL, args BLOB NOT NULL,
  args_secret INTEGER NOT NULL, work_dir TEXT NOT NULL, trace TEXT NOT NULL,
  created INTEGER NOT NULL, status INTEGER NOT NULL, backend TEXT NOT NULL, tier INTEGER NOT NULL,
  exit_code INTEGER NOT NULL DEFAULT 0, signal INTEGER, limit_hit INTEGER,
  stdout_truncated INTEGER NOT NULL DEFAULT 0, stderr_truncated INTEGER NOT NULL DEFAULT 0,
  stdout_bytes INTEGER NOT NULL DEFAULT 0, stderr_bytes INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,
  duration INTEGER NOT NULL DEFAULT 0, cpu_time INTEGER, memory_peak INTEGER, io_read INTEGER,
  io_write INTEGER, error TEXT NOT NULL DEFAULT '', adjustments BLOB NOT NULL DEFAULT x'',
  guarantees INTEGER REFERENCES guarantees(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_of_caller ON executions(caller, id);
CREATE INDEX executions_living ON executions(id) WHERE status < 2;

-- Most executions have the same: each text once.
CREATE TABLE guarantees (id INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE) STRICT;

-- Numbers rise: the lowest is the oldest.
CREATE TABLE output (
  number INTEGER PRIMARY KEY, execution TEXT NOT NULL UNIQUE, out BLOB NOT NULL,
  err BLOB NOT NULL, events BLOB NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL
) STRICT;

-- Counting a hundred thousand rows would be felt at the start.
CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES ('executions', 0), ('output', 0);
CREATE TRIGGER execution_added AFTER INSERT ON executions BEGIN
  UPDATE totals SET value = value + 1 WHERE name = 'executions';
END;
CREATE TRIGGER execution_removed AFTER DELETE ON executions BEGIN
  UPDATE totals SET value = value - 1 WHERE name = 'executions';
  DELETE FROM output WHERE execution = OLD.id;
END;
CREATE TRIGGER output_added AFTER INSERT ON output BEGIN
  UPDATE totals SET value = value + NEW.size WHERE name = 'output';
END;
CREATE TRIGGER output_removed AFTER DELETE ON output BEGIN
  UPDATE totals SET value = value - OLD.size WHERE name = 'output';
END;

CREATE TABLE configuration (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE sandboxes (
  id TEXT PRIMARY KEY, caller TEXT NOT NULL, backend TEXT NOT NULL, state TEXT NOT NULL,
  created INTEGER NOT NULL, changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, caller TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
)sql",
    // Nothing is written there.
    "DROP TABLE sandboxes",
    // What has just ended, with no index to keep: a row is a page or two to write, where the tables
    // it belongs to take nine. The columns are those of executions, then
    // those of output: NULL where none is kept.
    R"sql(
CREATE TABLE ended (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, caller TEXT NOT NULL, command TEXT NOT NULL,
  args BLOB NOT NULL, args_secret INTEGER NOT NULL, work_dir TEXT NOT NULL, trace TEXT NOT NULL,
  created INTEGER NOT NULL, status INTEGER NOT NULL, backend TEXT NOT NULL, tier INTEGER NOT NULL,
  exit_code INTEGER NOT NULL, signal INTEGER, limit_hit INTEGER, stdout_truncated INTEGER NOT NULL,
  stderr_truncated INTEGER NOT NULL, stdout_bytes INTEGER NOT NULL, stderr_bytes INTEGER NOT NULL,
  started INTEGER NOT NULL, ended INTEGER NOT NULL, duration INTEGER NOT NULL, cpu_time INTEGER,
  memory_peak INTEGER, io_read INTEGER, io_write INTEGER, error TEXT NOT NULL,
  adjustments BLOB NOT NULL, guarantees INTEGER, out BLOB, err BLOB, events BLOB, size INTEGER,
  kept INTEGER
) STRICT;
)sql",
    // The number of the journal's last entry that has its place here. What has ended lies in the
    // table above only while a transaction moves it.
    "INSERT INTO totals VALUES ('settled', 0)",
};

}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(kSteps.size()); }

Result<void> migrate(Database& database) {
  const std::int64_t version = TRY(database.integer("PRAGMA user_version"));
  if (version > schema_version()) {
    return std::unexpected(
        Error{.code = ErrorCode::Unsupported,
              .operation = "open the database",
              .subject = {},
              .sys_errno = 0,
              .detail = fmt::format("a newer Cordon wrote it: its version is {}, this one knows {}",
                                    version, schema_version()),
              .remedy = "use the newer Cordon, or another state directory"});
  }
  if (version == schema_version()) return {};
  return database.transaction([&]() -> Result<void> {
    for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
      TRY(database.execute(kSteps.at(step)));
    }
    TRY(database.execute(fmt::format("PRAGMA user_version = {}", schema_version()).c_str()));
    return {};
  });
}

}  // namespace cordon::store
