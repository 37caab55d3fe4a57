#include "store/audit_events.h"

#include "core/try.h"

namespace cordon::store {

Result<void> add_audit_event(Database& database, const AuditEvent& event, std::int64_t most) {
  auto add = TRY(database.statement(
      "INSERT INTO audit_events(time, caller, action, subject, decision, reason) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id"));
  add->bind(1, nanoseconds_of(event.time))
      .bind(2, std::string_view(event.caller))
      .bind(3, std::string_view(event.action))
      .bind(4, std::string_view(event.subject))
      .bind(5, std::string_view(event.decision))
      .bind(6, std::string_view(event.reason));
  TRY(add->step());
  const std::int64_t id = add->integer(0);
  TRY(add->run());
  auto remove = TRY(database.statement("DELETE FROM audit_events WHERE id <= ?1"));
  remove->bind(1, id - most);
  return remove->run();
}

Result<std::vector<AuditEvent>> list_audit_events(Database& database, std::int64_t before,
                                                  std::int64_t most) {
  auto query = TRY(database.statement(
      "SELECT id, time, caller, action, subject, decision, reason FROM audit_events "
      "WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2"));
  query->bind(1, before).bind(2, most);
  std::vector<AuditEvent> events;
  while (TRY(query->step())) {
    events.push_back({.id = query->integer(0),
                      .time = time_of(query->integer(1)),
                      .caller = query->text(2),
                      .action = query->text(3),
                      .subject = query->text(4),
                      .decision = query->text(5),
                      .reason = query->text(6)});
  }
  return events;
}

}  // namespace cordon::store
