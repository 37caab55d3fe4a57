#include "lxc/json.h"

#include <boost/json/parse.hpp>

namespace cordon::lxc::json {

namespace {

const bj::value* member(const bj::object& from, std::string_view name) {
  const bj::value* found = from.if_contains(view(name));
  return found == nullptr || found->is_null() ? nullptr : found;
}

}  // namespace

bj::string_view view(std::string_view text) { return {text.data(), text.size()}; }
std::string_view std_view(bj::string_view text) { return {text.data(), text.size()}; }

Result<bj::object> parse_object(std::string_view text, std::string_view what) {
  boost::system::error_code failure;
  bj::value parsed = bj::parse(view(text), failure, {}, {.max_depth = 32});
  if (!failure && parsed.is_object()) return std::move(parsed.get_object());
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "read the store's answer about",
                               .subject = std::string(what),
                               .sys_errno = 0,
                               .detail = failure ? failure.message() : "it is no JSON object",
                               .remedy = {}});
}

const bj::object& object(const bj::object& from, std::string_view name) {
  static const bj::object kEmpty;
  const bj::value* found = member(from, name);
  return found != nullptr && found->is_object() ? found->get_object() : kEmpty;
}

std::string as_text(const bj::value& value) {
  return value.is_string() ? std::string(std_view(bj::string_view(value.get_string())))
                           : std::string();
}

std::string text(const bj::object& from, std::string_view name) {
  const bj::value* found = member(from, name);
  return found != nullptr ? as_text(*found) : std::string();
}

bool flag(const bj::object& from, std::string_view name) {
  const bj::value* found = member(from, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::int64_t number(const bj::object& from, std::string_view name) {
  const bj::value* found = member(from, name);
  if (found == nullptr) return 0;
  if (found->is_int64()) return found->get_int64();
  if (found->is_double()) return static_cast<std::int64_t>(found->get_double());
  return 0;
}

}  // namespace cordon::lxc::json
