#include "policy/policy_json.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "core/utf8.h"
#include "policy/default_policy.h"
#include "policy/glob.h"
#include "policy/toml_text.h"

namespace cordon {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) {
  const std::string clean = replace_invalid_utf8(bytes);
  return json::string(clean.data(), clean.size());
}

template <class Texts>
json::array texts(const Texts& all) {
  json::array array;
  for (const auto& one : all) array.push_back(text(one));
  return array;
}

std::vector<std::string> path_texts(const std::vector<std::string>& paths) {
  std::vector<std::string> written;
  for (const std::string& path : paths) written.push_back(as_written(Glob::escape(path)));
  return written;
}

json::object rule_object(const PathRule& rule) {
  json::object object{{"path", text(as_written(rule.path))}};
  if (rule.presence == Presence::Optional) object["optional"] = true;
  return object;
}

json::object filesystem(const Policy& policy) {
  json::object sections;
  for (const PathRule& rule : policy.filesystem) {
    json::value& list = sections[to_string(rule.access)];
    if (!list.is_array()) list = json::array();
    list.as_array().push_back(rule_object(rule));
  }
  return sections;
}

json::object limits_object(const Limits& limits) {
  json::object object;
  if (limits.memory_bytes) object["memory"] = *limits.memory_bytes;
  if (limits.cpus) object["cpus"] = *limits.cpus;
  if (limits.pids) object["pids"] = *limits.pids;
  if (limits.timeout) object["timeout"] = fmt::format("{}ns", limits.timeout->count());
  if (limits.output_bytes) object["output"] = *limits.output_bytes;
  if (limits.disk_bytes) object["disk"] = *limits.disk_bytes;
  return object;
}

json::object policy_object(const Policy& policy) {
  json::object set;
  for (const auto& [name, value] : policy.environment.set) {
    set[replace_invalid_utf8(name)] = text(value);
  }
  json::object identity{{"hostname", text(policy.hostname)}};
  if (policy.uid) identity["uid"] = *policy.uid;
  return {{"filesystem", filesystem(policy)},
          {"network", {{"mode", text(to_string(policy.network))}}},
          {"limits", limits_object(policy.limits)},
          {"env",
           {{"pass", texts(policy.environment.pass)},
            {"path", texts(path_texts(policy.environment.path))},
            {"set", set}}},
          {"require", {{"guarantees", texts(policy.required_guarantees)}}},
          {"identity", identity},
          {"process",
           {{"nested_namespaces",
             policy.nested_namespaces == NestedNamespaces::Allowed ? "allowed" : "refused"}}}};
}

json::array entries(std::span<const DefaultEntry> all) {
  json::array array;
  for (const DefaultEntry& entry : all) {
    array.push_back(json::object{{"path", text(entry.path)}, {"reason", text(entry.reason)}});
  }
  return array;
}

json::object default_object() {
  const DefaultPolicy defaults = default_policy();
  return {{"read", entries(defaults.system)},
          {"deny", entries(defaults.denied)},
          {"deny_where_home_is_visible", entries(defaults.secrets)},
          {"protect", entries(defaults.protected_names)},
          {"unprotected", entries(defaults.unprotected_names)}};
}

}  // namespace

std::string to_json(const EffectivePolicy& effective, DefaultPart part) {
  json::array rules;
  for (const PathRule& rule : effective.policy.filesystem) {
    json::object object = rule_object(rule);
    object["access"] = text(to_string(rule.access));
    object["layer"] = text(to_string(rule.layer));
    object["origin"] = text(rule.origin);
    rules.push_back(std::move(object));
  }
  json::object origins;
  for (const auto& [key, origin] : effective.origins) origins[key] = text(origin);
  json::object object{{"preset", text(effective.preset)},
                      {"packs", texts(effective.packs)},
                      {"files", texts(effective.files)},
                      {"fingerprint", fmt::format("{:016x}", fingerprint(effective.policy))},
                      {"policy", policy_object(effective.policy)},
                      {"rules", rules},
                      {"origins", origins}};
  if (part == DefaultPart::Included) object["default_policy"] = default_object();
  return json::serialize(object);
}

}  // namespace cordon
