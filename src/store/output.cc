#include "store/output.h"

#include <algorithm>
#include <limits>

#include "core/try.h"

namespace cordon::store {

namespace {

std::int64_t whole(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max() / 2));
}

// substr() keeps the low 32 bits of its numbers, and counts from the end when they are negative.
std::int64_t for_substr(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int32_t>::max() - 1));
}

}  // namespace

Result<std::uint64_t> output_bytes(Database& database) {
  return static_cast<std::uint64_t>(
      TRY(database.integer("SELECT value FROM totals WHERE name = 'output'")));
}

Result<void> insert_output(Database& database, std::string_view execution, std::string_view out,
                           std::string_view err, std::string_view events, Time now,
                           std::uint64_t quota) {
  const std::uint64_t size = out.size() + err.size() + events.size();
  if (size > quota) return {};
  {
    auto insert = TRY(database.statement(
        "INSERT OR IGNORE INTO output(execution, out, err, events, size, created) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    insert->bind(1, execution)
        .bind_blob(2, out)
        .bind_blob(3, err)
        .bind_blob(4, events)
        .bind(5, whole(size))
        .bind(6, nanoseconds_of(now));
    TRY(insert->run());
  }
  return hold_output_quota(database, quota);
}

Result<void> hold_output_quota(Database& database, std::uint64_t quota) {
  while (TRY(output_bytes(database)) > quota) {
    auto remove = TRY(
        database.statement("DELETE FROM output WHERE number = (SELECT min(number) FROM output)"));
    TRY(remove->run());
    if (database.changes() == 0) break;
  }
  return {};
}

Result<std::optional<OutputRecord>> find_output(Database& database, std::string_view execution) {
  auto query = TRY(database.statement("SELECT out, err, events FROM output WHERE execution = ?1"));
  query->bind(1, execution);
  if (!TRY(query->step())) return std::nullopt;
  return OutputRecord{.out = query->text(0), .err = query->text(1), .events = query->text(2)};
}

Result<std::optional<std::string>> read_output(Database& database, std::string_view execution,
                                               Stream stream, std::uint64_t offset,
                                               std::uint64_t most) {
  auto query = TRY(
      database.statement(stream == Stream::Stdout
                             ? "SELECT substr(out, ?2 + 1, ?3) FROM output WHERE execution = ?1"
                             : "SELECT substr(err, ?2 + 1, ?3) FROM output WHERE execution = ?1"));
  query->bind(1, execution).bind(2, for_substr(offset)).bind(3, for_substr(most));
  if (!TRY(query->step())) return std::nullopt;
  return query->text(0);
}

Result<void> remove_output_before(Database& database, Time time) {
  auto remove = TRY(database.statement("DELETE FROM output WHERE created <= ?1"));
  remove->bind(1, nanoseconds_of(time));
  return remove->run();
}

}  // namespace cordon::store
