#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "cordon/guarantees.h"
#include "cordon/load_policy.h"
#include "policy/embedded.h"
#include "policy/key_table.h"

namespace cordon {

namespace {

namespace json = boost::json;

json::object text_type() { return {{"type", "string"}}; }

json::object list_of(json::value items) { return {{"type", "array"}, {"items", std::move(items)}}; }

json::object one_of_names(const auto& names) {
  json::array values;
  for (const std::string_view name : names) {
    if (!name.empty()) values.push_back(json::string(name));
  }
  return {{"enum", values}};
}

json::object names_type(Key key) {
  if (key == Key::Packs) return list_of(one_of_names(embedded_names(EmbeddedKind::Pack)));
  if (key == Key::Require) return list_of(one_of_names(guarantee::kAll));
  return list_of(text_type());
}

json::object number_type(const KeySpec& spec, std::string_view type) {
  json::object number{{"type", json::string(type)}};
  if (spec.most > 0) {
    number["minimum"] = spec.least;
    number["maximum"] = spec.most;
  }
  return number;
}

json::object either(json::object number, std::string_view pattern) {
  return {{"anyOf", json::array{std::move(number),
                                {{"type", "string"}, {"pattern", json::string(pattern)}}}}};
}

json::object type_of(const KeySpec& spec) {
  switch (spec.type) {
    case KeyType::Text:
      return text_type();
    case KeyType::Name:
      return one_of_names(embedded_names(EmbeddedKind::Preset));
    case KeyType::Choice:
      return one_of_names(spec.choices);
    case KeyType::Names:
      return names_type(spec.key);
    case KeyType::Paths:
      return {{"type", "array"}, {"items", {{"$ref", "#/$defs/rule"}}}};
    case KeyType::Size:
      return either(number_type(spec, "integer"), "^[0-9]+(\\.[0-9]+)?[KMGTPEkmgtpe]?(i?[Bb])?$");
    case KeyType::Duration:
      return either({{"type", "number"}, {"exclusiveMinimum", 0}},
                    "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns)?)+$");
    case KeyType::Cores:
      return number_type(spec, "number");
    case KeyType::Count:
      return number_type(spec, "integer");
    case KeyType::Variables:
      return {{"type", "object"}, {"additionalProperties", text_type()}};
  }
  return {};
}

json::object table_of_keys() { return {{"type", "object"}, {"additionalProperties", false}}; }

json::object rule_schema() {
  json::object rule = table_of_keys();
  rule["properties"] = {
      {"path", text_type()}, {"optional", {{"type", "boolean"}}}, {"reason", text_type()}};
  rule["required"] = json::array{"path"};
  return {{"anyOf", json::array{text_type(), rule}}};
}

}  // namespace

std::string policy_schema() {
  json::object properties;
  for (const KeySpec& spec : key_table()) {
    const std::string_view section = section_of(spec);
    json::object* place = &properties;
    std::string_view name = spec.name;
    if (!section.empty()) {
      json::value& table = properties[section];
      if (!table.is_object()) table = table_of_keys();
      json::value& inner = table.as_object()["properties"];
      if (!inner.is_object()) inner = json::object();
      place = &inner.as_object();
      name.remove_prefix(section.size() + 1);
    }
    json::object type = type_of(spec);
    std::string description(spec.meaning);
    description += " As " + std::string(spec.unit) + ", such as " + std::string(spec.example) + ".";
    type["description"] = description;
    (*place)[name] = std::move(type);
  }
  json::object schema = table_of_keys();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Cordon policy";
  schema["properties"] = std::move(properties);
  schema["$defs"] = {{"rule", rule_schema()}};
  return json::serialize(schema);
}

}  // namespace cordon
