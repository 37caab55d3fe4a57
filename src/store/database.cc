#include "store/database.h"

#include <sqlite3.h>

#include <utility>

namespace cordon::store {

namespace {

Error describe(int code, const std::string& path, const char* words) {
  Error error{.code = ErrorCode::Internal,
              .operation = "use the database",
              .subject = path,
              .sys_errno = 0,
              .detail = words,
              .remedy = {}};
  switch (code & 0xff) {
    case SQLITE_FULL:
      error.code = ErrorCode::ResourceExhausted;
      error.remedy = "make room on the disk, or lower the quota of kept output";
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      error.detail = std::string("it is damaged: ") + words;
      error.remedy = "move it away, with its -wal and -shm files, to begin with an empty one";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      error.code = ErrorCode::PermissionDenied;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::Unavailable;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

Statement::~Statement() {
  ::sqlite3_reset(statement_);
  ::sqlite3_clear_bindings(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  ::sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  ::sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  ::sqlite3_bind_blob64(statement_, index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                        SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int index) {
  ::sqlite3_bind_null(statement_, index);
  return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
  return value ? bind(index, *value) : bind_null(index);
}

Result<bool> Statement::step() {
  const int code = ::sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.fail(code);
}

Result<void> Statement::run() {
  while (true) {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const void* const bytes = ::sqlite3_column_blob(statement_, column);
  const int size = ::sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return ::sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, OpenMode mode) {
  sqlite3* handle = nullptr;
  // One thread at a time uses it: SQLite need not make sure of that once more.
  const int access = mode == OpenMode::ReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = ::sqlite3_open_v2(path.c_str(), &handle,
                                     access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->fail(code);
  ::sqlite3_extended_result_codes(handle, 1);
  ::sqlite3_busy_timeout(handle, 5000);
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) ::sqlite3_finalize(statement);
  ::sqlite3_close(handle_);
}

std::unexpected<Error> Database::fail(int code) const {
  const char* const words = handle_ != nullptr ? ::sqlite3_errmsg(handle_) : ::sqlite3_errstr(code);
  return std::unexpected(describe(code, path_, words));
}

Result<void> Database::execute(const char* sql) {
  const int code = ::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(code);
  return {};
}

Result<std::unique_ptr<Statement>> Database::statement(const char* sql) {
  sqlite3_stmt*& prepared = statements_[sql];
  if (prepared == nullptr) {
    const int code =
        ::sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) {
      statements_.erase(sql);
      return fail(code);
    }
  }
  return std::unique_ptr<Statement>(new Statement(*this, prepared));
}

Result<void> Database::run(const char* sql) {
  auto prepared = statement(sql);
  if (!prepared) return std::unexpected(prepared.error());
  return (*prepared)->run();
}

Result<std::int64_t> Database::integer(const char* sql) {
  auto query = statement(sql);
  if (!query) return std::unexpected(query.error());
  const auto row = (*query)->step();
  if (!row) return std::unexpected(row.error());
  return *row ? (*query)->integer(0) : 0;
}

std::int64_t Database::changes() const { return ::sqlite3_changes64(handle_); }

}  // namespace cordon::store
