#include "server/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "core/nearest.h"
#include "core/try.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 16;

std::unexpected<Error> refuse(std::string_view field, std::string detail) {
  return std::unexpected(invalid_argument({}, std::string(field), std::move(detail)));
}

std::string plain(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace

Result<JsonFields> JsonFields::parse(std::string_view body) {
  json::parse_options options;
  options.max_depth = kDeepest;
  boost::system::error_code code;
  json::value value = json::parse({body.data(), body.size()}, code, {}, options);
  if (code || !value.is_object()) {
    return refuse({}, code ? code.message() : "the body is one JSON object");
  }
  JsonFields fields;
  fields.members_ = std::move(value.as_object());
  return fields;
}

const json::value* JsonFields::take(std::string_view name) {
  asked_.push_back(name);
  const json::value* value = members_.if_contains({name.data(), name.size()});
  return value && !value->is_null() ? value : nullptr;
}

Result<std::optional<std::string>> JsonFields::text(std::string_view name) {
  const json::value* value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) return refuse(name, "a string is wanted");
  return plain(value->get_string());
}

Result<std::optional<bool>> JsonFields::flag(std::string_view name) {
  const json::value* value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_bool()) return refuse(name, "true or false is wanted");
  return value->get_bool();
}

Result<std::optional<std::uint64_t>> JsonFields::whole(std::string_view name, std::uint64_t most) {
  const json::value* value = take(name);
  if (!value) return std::nullopt;
  const std::string wanted = fmt::format("a whole number from 0 to {} is wanted", most);
  if (!value->is_number()) return refuse(name, wanted);
  boost::system::error_code code;
  const auto number = value->to_number<std::uint64_t>(code);
  if (code || number > most) return refuse(name, wanted);
  return number;
}

Result<std::optional<double>> JsonFields::decimal(std::string_view name, double least,
                                                  double most) {
  const json::value* value = take(name);
  if (!value) return std::nullopt;
  const std::string wanted = fmt::format("a number from {} to {} is wanted", least, most);
  if (!value->is_number()) return refuse(name, wanted);
  const auto number = value->to_number<double>();
  if (!std::isfinite(number) || number < least || number > most) return refuse(name, wanted);
  return number;
}

Result<std::vector<std::string>> JsonFields::texts(std::string_view name) {
  std::vector<std::string> all;
  const json::value* value = take(name);
  if (!value) return all;
  if (!value->is_array()) return refuse(name, "an array of strings is wanted");
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) {
      return refuse(fmt::format("{}/{}", name, all.size()), "a string is wanted");
    }
    all.push_back(plain(item.get_string()));
  }
  return all;
}

Result<std::vector<std::pair<std::string, std::string>>> JsonFields::text_map(
    std::string_view name) {
  std::vector<std::pair<std::string, std::string>> all;
  const json::value* value = take(name);
  if (!value) return all;
  if (!value->is_object()) return refuse(name, "an object of strings is wanted");
  for (const auto& [key, item] : value->get_object()) {
    const std::string_view key_text{key.data(), key.size()};
    if (!item.is_string())
      return refuse(fmt::format("{}/{}", name, key_text), "a string is wanted");
    all.emplace_back(key_text, plain(item.get_string()));
  }
  return all;
}

Result<std::string> JsonFields::object(std::string_view name) {
  const json::value* value = take(name);
  if (!value) return std::string();
  if (!value->is_object()) return refuse(name, "an object is wanted");
  return json::serialize(*value);
}

Result<void> JsonFields::finish() const {
  for (const auto& [key, value] : members_) {
    const std::string_view name{key.data(), key.size()};
    if (std::ranges::find(asked_, name) != asked_.end()) continue;
    const auto meant = nearest(name, asked_);
    return refuse(
        name.substr(0, 100),
        meant ? fmt::format("there is no such field; did you mean {}?", *meant)
              : fmt::format("there is no such field; there is {}", fmt::join(asked_, ", ")));
  }
  return {};
}

}  // namespace cordon::server
