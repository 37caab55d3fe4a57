#include "engine/json_access.h"

#include <boost/json/parse.hpp>
#include <limits>

#include "core/try.h"

namespace cordon::engine {

namespace json = boost::json;

Error unexpected_answer(std::string_view what, std::string detail) {
  return {.code = ErrorCode::Internal,
          .operation = "read the engine's answer about",
          .subject = std::string(what),
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = {}};
}

Result<json::value> parse(std::string_view body, std::string_view what) {
  json::error_code failure;
  json::value parsed =
      json::parse(json::string_view(body.data(), body.size()), failure, {}, {.max_depth = 32});
  if (failure) return std::unexpected(unexpected_answer(what, failure.message()));
  return parsed;
}

Result<json::object> parse_object(std::string_view body, std::string_view what) {
  json::value parsed = TRY(parse(body, what));
  if (!parsed.is_object()) {
    return std::unexpected(unexpected_answer(what, "it is no JSON object"));
  }
  return std::move(parsed.get_object());
}

const json::value* member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  return found == nullptr || found->is_null() ? nullptr : found;
}

const json::object& object(const json::object& from, std::string_view name) {
  static const json::object kEmpty;
  const json::value* found = member(from, name);
  return found != nullptr && found->is_object() ? found->get_object() : kEmpty;
}

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string().data(), value.get_string().size())
                           : std::string();
}

std::string text(const json::object& from, std::string_view name) {
  const json::value* found = member(from, name);
  return found != nullptr ? as_text(*found) : std::string();
}

bool flag(const json::object& from, std::string_view name) {
  const json::value* found = member(from, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::int64_t number(const json::object& from, std::string_view name) {
  const json::value* found = member(from, name);
  if (found == nullptr) return 0;
  if (found->is_int64()) return found->get_int64();
  if (found->is_uint64()) return std::numeric_limits<std::int64_t>::max();
  return 0;
}

std::vector<std::string> texts(const json::object& from, std::string_view name) {
  std::vector<std::string> list;
  each(from, name, [&](const json::value& one) {
    if (one.is_string()) list.push_back(as_text(one));
  });
  return list;
}

Pairs pairs(const json::object& from, std::string_view name) {
  Pairs list;
  for (const auto& [key, value] : object(from, name)) {
    list.emplace_back(std::string(key.data(), key.size()), as_text(value));
  }
  return list;
}

std::vector<std::string> keys(const json::object& from, std::string_view name) {
  std::vector<std::string> list;
  for (const auto& [key, value] : object(from, name)) list.emplace_back(key.data(), key.size());
  return list;
}

json::array array_of(const std::vector<std::string>& list) {
  json::array made;
  for (const std::string& one : list) made.emplace_back(one);
  return made;
}

json::object object_of(const Pairs& list) {
  json::object made;
  for (const auto& [key, value] : list) made[key] = value;
  return made;
}

}  // namespace cordon::engine
