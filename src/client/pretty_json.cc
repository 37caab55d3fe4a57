#include "client/pretty_json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>

#include "core/printable.h"

namespace cordon::client {

namespace {

namespace json = boost::json;

// Values come from our parser, which goes 32 deep.
void append(std::string& out, const json::value& value, std::size_t indent) {
  const std::string margin(indent + 2, ' ');
  const auto close = [&](char bracket) {
    out += '\n';
    out.append(indent, ' ');
    out += bracket;
  };
  if (value.is_object() && !value.get_object().empty()) {
    char before = '{';
    for (const auto& [name, member] : value.get_object()) {
      out += before;
      out += '\n' + margin + json::serialize(json::string(name)) + ": ";
      append(out, member, indent + 2);
      before = ',';
    }
    close('}');
  } else if (value.is_array() && !value.get_array().empty()) {
    char before = '[';
    for (const json::value& item : value.get_array()) {
      out += before;
      out += '\n' + margin;
      append(out, item, indent + 2);
      before = ',';
    }
    close(']');
  } else {
    out += printable(json::serialize(value));
  }
}

}  // namespace

std::string pretty_json(const json::value& value) {
  std::string out;
  append(out, value, 0);
  return out + "\n";
}

}  // namespace cordon::client
