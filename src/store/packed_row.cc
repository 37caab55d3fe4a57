#include "store/packed_row.h"

#include <cstring>

#include "core/try.h"

namespace cordon::store {

namespace {

enum class Kind : char { Null = 'n', Integer = 'i', Text = 't', Blob = 'b' };

std::unexpected<Error> damaged() {
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "read an entry of the journal",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "it is damaged",
                               .remedy = {}});
}

void put(std::string& bytes, Kind kind, std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  bytes += static_cast<char>(kind);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes += value;
}

}  // namespace

RowPacker& RowPacker::add(std::int64_t value) {
  bytes_ += static_cast<char>(Kind::Integer);
  bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  return *this;
}

RowPacker& RowPacker::add(std::optional<std::int64_t> value) {
  return value ? add(*value) : add_null();
}

RowPacker& RowPacker::add_null() {
  bytes_ += static_cast<char>(Kind::Null);
  return *this;
}

RowPacker& RowPacker::add_text(std::string_view text) {
  put(bytes_, Kind::Text, text);
  return *this;
}

RowPacker& RowPacker::add_blob(std::string_view bytes) {
  put(bytes_, Kind::Blob, bytes);
  return *this;
}

template <class Value>
Result<Value> RowUnpacker::raw() {
  Value value{};
  if (rest_.size() < sizeof value) return damaged();
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

Result<std::string_view> RowUnpacker::bytes() {
  const auto size = TRY(raw<std::uint32_t>());
  if (rest_.size() < size) return damaged();
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

Result<void> RowUnpacker::bind(Statement& statement, int first, int count) {
  for (int index = first; index < first + count; ++index) {
    switch (static_cast<Kind>(TRY(raw<char>()))) {
      case Kind::Null:
        statement.bind_null(index);
        break;
      case Kind::Integer:
        statement.bind(index, TRY(raw<std::int64_t>()));
        break;
      case Kind::Text:
        statement.bind(index, TRY(bytes()));
        break;
      case Kind::Blob:
        statement.bind_blob(index, TRY(bytes()));
        break;
      default:
        return damaged();
    }
  }
  return {};
}

Result<std::string_view> RowUnpacker::blob() {
  if (static_cast<Kind>(TRY(raw<char>())) != Kind::Blob) return damaged();
  return bytes();
}

}  // namespace cordon::store
