// SQLite as a value that is closed at its end, with errors that say what to do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cordon/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cordon::store {

class Database;

// A prepared statement while it is used. Parameters are numbered from 1, columns from 0; text and
// blobs that are bound must live until the statement ends.
class Statement {
 public:
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();  // ready for the next use, and holds no lock

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  Statement& bind(int index, std::optional<std::int64_t> value);

  // True: there is a row. False: done.
  Result<bool> step();
  // For those without rows.
  Result<void> run();

  std::int64_t integer(int column) const;
  std::string text(int column) const;  // of text and blobs
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  Database& database_;
  sqlite3_stmt* statement_;
};

enum class OpenMode { ReadWrite, ReadOnly };

// Used by one thread at a time.
class Database {
 public:
  // The file exists. Errors: Internal when it is not a database, or damaged.
  static Result<std::unique_ptr<Database>> open(const std::string& path, OpenMode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Any number of statements, without parameters.
  Result<void> execute(const char* sql);
  // Prepared once for each `sql`, which must be a literal. One use at a time.
  Result<std::unique_ptr<Statement>> statement(const char* sql);
  Result<std::int64_t> integer(const char* sql);

  // One transaction; rolled back when the body fails.
  template <class Body>
  Result<void> transaction(Body body) {
    if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
    Result<void> done = body();
    if (done) done = run("COMMIT");
    if (!done) (void)run("ROLLBACK");
    return done;
  }

  std::int64_t changes() const;

 private:
  friend class Statement;
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  std::unexpected<Error> fail(int code) const;
  // As execute(), of one statement that is used again and again.
  Result<void> run(const char* sql);

  sqlite3* handle_;
  std::string path_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace cordon::store
