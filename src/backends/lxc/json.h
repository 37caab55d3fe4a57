// Reading a store's JSON: what an answer leaves out, or says in another type, reads as absent.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::lxc::json {

namespace bj = boost::json;

// Errors: Internal: it is no JSON object.
Result<bj::object> parse_object(std::string_view text, std::string_view what);

const bj::object& object(const bj::object& from, std::string_view name);
std::string text(const bj::object& from, std::string_view name);
bool flag(const bj::object& from, std::string_view name);
std::int64_t number(const bj::object& from, std::string_view name);
std::string as_text(const bj::value& value);
bj::string_view view(std::string_view text);
std::string_view std_view(bj::string_view text);

}  // namespace cordon::lxc::json
