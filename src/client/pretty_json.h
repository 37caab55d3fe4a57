// JSON for people: indented, and with nothing in it that a terminal would obey.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace cordon::client {

// Ends with a line break.
std::string pretty_json(const boost::json::value& value);

}  // namespace cordon::client
