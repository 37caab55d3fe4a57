#include "store/configuration.h"

#include "core/try.h"

namespace cordon::store {

Result<void> set_configuration(Database& database, std::string_view key, std::string_view value) {
  auto set = TRY(database.statement(
      "INSERT INTO configuration VALUES (?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2"));
  set->bind(1, key).bind(2, value);
  return set->run();
}

Result<std::optional<std::string>> configuration(Database& database, std::string_view key) {
  auto query = TRY(database.statement("SELECT value FROM configuration WHERE key = ?1"));
  query->bind(1, key);
  if (!TRY(query->step())) return std::nullopt;
  return query->text(0);
}

}  // namespace cordon::store
