// The values of a row as bytes, and from there into the statement that inserts it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "store/database.h"

namespace cordon::store {

class RowPacker {
 public:
  RowPacker& add(std::int64_t value);
  RowPacker& add(std::optional<std::int64_t> value);
  RowPacker& add_null();
  RowPacker& add_text(std::string_view text);
  RowPacker& add_blob(std::string_view bytes);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class RowUnpacker {
 public:
  // The bytes must outlive it, and what it binds.
  explicit RowUnpacker(std::string_view bytes) : rest_(bytes) {}

  // The next `count` values, to the parameters from `first` on. Errors: Internal: there are not as
  // many, or they are damaged.
  Result<void> bind(Statement& statement, int first, int count);
  // The next value, a blob.
  Result<std::string_view> blob();

 private:
  template <class Value>
  Result<Value> raw();
  Result<std::string_view> bytes();

  std::string_view rest_;
};

}  // namespace cordon::store
