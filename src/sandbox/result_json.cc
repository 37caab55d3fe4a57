// ExecutionResult and Guarantees as JSON: the form that scripts read.
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "cordon/execution.h"
#include "cordon/guarantees.h"
#include "core/rfc3339.h"
#include "core/utf8.h"

namespace cordon {

namespace {

namespace json = boost::json;

// JSON is UTF-8; paths and messages may carry a guest's bytes as its output does.
json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

json::value time_of(std::chrono::system_clock::time_point time) {
  if (time == std::chrono::system_clock::time_point{}) return nullptr;
  return json::string(format_rfc3339(time));
}

json::value usage_of(const std::optional<ResourceUsage>& usage) {
  if (!usage) return nullptr;
  return {{"cpu_time_ns", usage->cpu_time_ns},
          {"memory_peak_bytes", usage->memory_peak_bytes},
          {"io_read_bytes", usage->io_read_bytes},
          {"io_write_bytes", usage->io_write_bytes}};
}

json::array array_of(const Guarantees& guarantees) {
  json::array array;
  array.reserve(guarantees.size());
  for (const auto& guarantee : guarantees) {
    array.push_back({{"name", text(guarantee.name)},
                     {"strength", to_string(guarantee.strength)},
                     {"mechanism", text(guarantee.mechanism)},
                     {"reason", text(guarantee.reason)}});
  }
  return array;
}

}  // namespace

std::string to_json(const ExecutionResult& result) {
  json::object object;
  object["id"] = text(result.id);
  object["status"] = to_string(result.status);
  object["exit_code"] = result.exit_code;
  object["stdout"] = text(result.stdout_data);
  object["stderr"] = text(result.stderr_data);
  object["start_time"] = time_of(result.start_time);
  object["end_time"] = time_of(result.end_time);
  object["duration"] = std::int64_t{result.duration.count()};
  object["resource_usage"] = usage_of(result.resource_usage);
  if (!result.error.empty()) object["error"] = text(result.error);
  object["signal"] = result.signal ? json::value(*result.signal) : nullptr;
  object["limit_hit"] = result.limit_hit ? json::value(to_string(*result.limit_hit)) : nullptr;
  object["truncated"] = {{"stdout", result.stdout_truncated}, {"stderr", result.stderr_truncated}};
  object["tier"] = to_string(result.tier);
  object["backend"] = text(result.backend);
  object["guarantees"] = array_of(result.guarantees);
  if (!result.adjustments.empty()) {
    json::array adjustments;
    for (const auto& [name, asked, given] : result.adjustments) {
      adjustments.push_back({{"name", name}, {"asked", text(asked)}, {"given", given}});
    }
    object["adjustments"] = std::move(adjustments);
  }
  return json::serialize(object);
}

std::string to_json(const Guarantees& guarantees) { return json::serialize(array_of(guarantees)); }

}  // namespace cordon
