#include "store/sandboxes.h"

#include "core/try.h"

namespace cordon::store {

Result<void> put_sandbox(Database& database, const SandboxRecord& sandbox) {
  auto put =
      TRY(database.statement("INSERT INTO sandboxes VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                             "ON CONFLICT(id) DO UPDATE SET state = ?4, changed = ?6"));
  put->bind(1, std::string_view(sandbox.id))
      .bind(2, std::string_view(sandbox.caller))
      .bind(3, std::string_view(sandbox.backend))
      .bind(4, std::string_view(sandbox.state))
      .bind(5, nanoseconds_of(sandbox.created))
      .bind(6, nanoseconds_of(sandbox.changed));
  return put->run();
}

Result<void> remove_sandbox(Database& database, std::string_view id) {
  auto remove = TRY(database.statement("DELETE FROM sandboxes WHERE id = ?1"));
  remove->bind(1, id);
  return remove->run();
}

Result<std::vector<SandboxRecord>> list_sandboxes(Database& database) {
  auto query = TRY(database.statement(
      "SELECT id, caller, backend, state, created, changed FROM sandboxes ORDER BY id"));
  std::vector<SandboxRecord> sandboxes;
  while (TRY(query->step())) {
    sandboxes.push_back({.id = query->text(0),
                         .caller = query->text(1),
                         .backend = query->text(2),
                         .state = query->text(3),
                         .created = time_of(query->integer(4)),
                         .changed = time_of(query->integer(5))});
  }
  return sandboxes;
}

}  // namespace cordon::store
