#include "doctor/json.h"

#include <boost/json.hpp>

#include "core/utf8.h"

namespace cordon::doctor {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) {
  const std::string clean = replace_invalid_utf8(bytes);
  return json::string(clean.data(), clean.size());
}

json::object to_object(const Check& check) {
  json::object object{{"state", text(to_string(check.state))}, {"found", text(check.found)}};
  if (!check.remedy.empty()) object["remedy"] = text(check.remedy);
  return object;
}

json::object host_object(const HostReport& report) {
  const cgroup::Support& cgroups = report.cgroup_support;
  return {{"uid", report.uid},
          {"kernel_release", text(report.kernel_release)},
          {"container", text(to_string(report.container))},
          {"landlock_abi", report.landlock_abi},
          {"cgroup",
           {{"mechanism", text(cgroups.mechanism)},
            {"memory", cgroups.memory},
            {"swap", cgroups.swap},
            {"cpu", cgroups.cpu},
            {"pids", cgroups.pids},
            {"io", cgroups.io}}}};
}

json::array tier_array(const HostReport& report) {
  json::array tiers;
  for (const TierReport& tier : report.tiers) {
    json::object object{{"tier", text(to_string(tier.tier))}};
    if (!tier.backend.empty()) object["backend"] = text(tier.backend);
    for (const auto& entry : to_object(tier.check)) object.insert(entry);
    tiers.push_back(std::move(object));
  }
  return tiers;
}

json::array level_array(const HostReport& report) {
  json::array levels;
  for (const LevelReport& level : report.levels) {
    json::object object{{"level", text(to_string(level.level))}};
    if (!level.backend.empty()) object["backend"] = text(level.backend);
    for (const auto& entry : to_object(level.check)) object.insert(entry);
    levels.push_back(std::move(object));
  }
  return levels;
}

json::array guarantee_array(const Guarantees& guarantees) {
  json::array array;
  for (const Guarantee& guarantee : guarantees) {
    json::object object{{"name", text(guarantee.name)},
                        {"strength", text(to_string(guarantee.strength))},
                        {"mechanism", text(guarantee.mechanism)}};
    if (!guarantee.reason.empty()) object["reason"] = text(guarantee.reason);
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace

std::string render_json(const HostReport& report) {
  json::object checks;
  for (const CheckRow& row : check_rows()) {
    checks[json::string_view(row.id.data(), row.id.size())] = to_object(report.*row.check);
  }
  const json::object whole{{"light", text(to_string(report.light))},
                           {"host", host_object(report)},
                           {"checks", std::move(checks)},
                           {"tiers", tier_array(report)},
                           {"levels", level_array(report)},
                           {"guarantees", guarantee_array(report.guarantees)}};
  return json::serialize(whole) + "\n";
}

}  // namespace cordon::doctor
