#include "store/api_keys.h"

#include "core/try.h"

namespace cordon::store {

namespace {

std::unexpected<Error> fail(ErrorCode code, std::string operation, std::string_view name,
                            std::string detail) {
  return std::unexpected(Error{.code = code,
                               .operation = std::move(operation),
                               .subject = std::string(name),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

std::optional<std::int64_t> optional_of(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

ApiKey read(const Statement& row) {
  ApiKey key{.name = row.text(0),
             .hash = row.text(1),
             .role = row.integer(2) != 0 ? CallerRole::Administrator : CallerRole::User,
             .max_running = optional_of(row, 3),
             .max_queued = optional_of(row, 4),
             .widest_policy = row.text(5),
             .created = time_of(row.integer(6)),
             .revoked = {}};
  if (const auto revoked = optional_of(row, 7)) key.revoked = time_of(*revoked);
  return key;
}

}  // namespace

Result<void> add_api_key(Database& database, const ApiKey& key) {
  auto add = TRY(database.statement(
      "INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL) ON CONFLICT DO NOTHING"));
  add->bind(1, std::string_view(key.name))
      .bind_blob(2, key.hash)
      .bind(3, std::int64_t{key.role == CallerRole::Administrator})
      .bind(4, key.max_running)
      .bind(5, key.max_queued)
      .bind(6, std::string_view(key.widest_policy))
      .bind(7, nanoseconds_of(key.created));
  TRY(add->run());
  if (database.changes() == 1) return {};
  return fail(ErrorCode::Conflict, "add the API key", key.name, "there is or was one of this name");
}

Result<std::optional<ApiKey>> find_api_key(Database& database, std::string_view hash) {
  auto query = TRY(database.statement("SELECT * FROM api_keys WHERE hash = ?1"));
  query->bind_blob(1, hash);
  if (!TRY(query->step())) return std::nullopt;
  return read(*query);
}

Result<std::vector<ApiKey>> list_api_keys(Database& database) {
  auto query = TRY(database.statement("SELECT * FROM api_keys ORDER BY name"));
  std::vector<ApiKey> keys;
  while (TRY(query->step())) keys.push_back(read(*query));
  return keys;
}

Result<void> revoke_api_key(Database& database, std::string_view name, Time now) {
  auto revoke =
      TRY(database.statement("UPDATE api_keys SET revoked = ifnull(revoked, ?2) WHERE name = ?1"));
  revoke->bind(1, name).bind(2, nanoseconds_of(now));
  TRY(revoke->run());
  if (database.changes() == 1) return {};
  return fail(ErrorCode::NotFound, "revoke the API key", name, "there is none of this name");
}

}  // namespace cordon::store
