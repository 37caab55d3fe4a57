#include <boost/json.hpp>
#include <string>

#include "cordon/seccomp.h"
#include "core/try.h"
#include "linux/seccomp_profile.h"

namespace cordon {

namespace {

namespace json = boost::json;

json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

json::object condition(const SeccompCondition& one) {
  json::object object{{"index", one.argument}};
  if (one.comparison == SeccompComparison::MaskedEqual) {
    object["value"] = one.mask;
    object["valueTwo"] = one.value;
  } else {
    object["value"] = one.value;
  }
  object["op"] = text(to_string(one.comparison));
  return object;
}

json::object rule(const SeccompRule& one) {
  json::array names;
  for (const std::string& name : one.names) names.emplace_back(text(name));
  json::object object{{"names", std::move(names)}, {"action", text(to_string(one.action))}};
  if (one.error) object["errnoRet"] = *one.error;
  if (!one.conditions.empty()) {
    json::array args;
    for (const SeccompCondition& each : one.conditions) args.emplace_back(condition(each));
    object["args"] = std::move(args);
  }
  return object;
}

}  // namespace

Result<std::string> to_oci_json(const SeccompProfile& profile) {
  const SeccompProfile plain = TRY(seccomp::without_overlap(profile));
  json::object document{{"defaultAction", text(to_string(plain.default_action))}};
  if (plain.default_error) document["defaultErrnoRet"] = *plain.default_error;
  if (!plain.architectures.empty()) {
    json::array architectures;
    for (const std::string& name : plain.architectures) architectures.emplace_back(text(name));
    document["architectures"] = std::move(architectures);
  }
  json::array syscalls;
  for (const SeccompRule& one : plain.rules) syscalls.emplace_back(rule(one));
  document["syscalls"] = std::move(syscalls);
  return json::serialize(document);
}

}  // namespace cordon
