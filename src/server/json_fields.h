// The members of a JSON body, taken out one by one. What nobody took is an error that names it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"

namespace cordon::server {

// Errors: InvalidArgument with the field as subject; an empty subject: the body as a whole. A
// member that is null counts as absent.
class JsonFields {
 public:
  // One object, nested at most 16 deep.
  static Result<JsonFields> parse(std::string_view body);

  Result<std::optional<std::string>> text(std::string_view name);
  Result<std::optional<bool>> flag(std::string_view name);
  Result<std::optional<std::uint64_t>> whole(std::string_view name, std::uint64_t most);
  Result<std::optional<double>> decimal(std::string_view name, double least, double most);
  Result<std::vector<std::string>> texts(std::string_view name);
  Result<std::vector<std::pair<std::string, std::string>>> text_map(std::string_view name);
  // An object as JSON text again; empty: absent.
  Result<std::string> object(std::string_view name);
  // Any value, for who knows what to do with it; null: absent.
  const boost::json::value* value(std::string_view name) { return take(name); }
  // Last: refuses members that none of the above has asked for.
  Result<void> finish() const;

 private:
  const boost::json::value* take(std::string_view name);

  boost::json::object members_;
  std::vector<std::string_view> asked_;  // literals
};

}  // namespace cordon::server
