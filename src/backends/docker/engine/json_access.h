// Looking into an engine's JSON: what is absent, or of another type than expected, reads as empty.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::engine {

Error unexpected_answer(std::string_view what, std::string detail);

// Errors: Internal: no JSON; nested deeper than 32; no object.
Result<boost::json::value> parse(std::string_view body, std::string_view what);
Result<boost::json::object> parse_object(std::string_view body, std::string_view what);

// Null: absent, or null.
const boost::json::value* member(const boost::json::object& from, std::string_view name);
const boost::json::object& object(const boost::json::object& from, std::string_view name);
std::string as_text(const boost::json::value& value);
std::string text(const boost::json::object& from, std::string_view name);
bool flag(const boost::json::object& from, std::string_view name);
std::int64_t number(const boost::json::object& from, std::string_view name);
std::vector<std::string> texts(const boost::json::object& from, std::string_view name);
Pairs pairs(const boost::json::object& from, std::string_view name);
std::vector<std::string> keys(const boost::json::object& from, std::string_view name);

boost::json::array array_of(const std::vector<std::string>& list);
boost::json::object object_of(const Pairs& list);

template <class Take>
void each(const boost::json::object& from, std::string_view name, const Take& take) {
  const boost::json::value* found = member(from, name);
  if (found == nullptr || !found->is_array()) return;
  for (const boost::json::value& one : found->get_array()) take(one);
}

}  // namespace cordon::engine
