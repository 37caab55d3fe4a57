#include "server/record_json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "core/base64.h"
#include "core/rfc3339.h"
#include "core/utf8.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

json::value time_of(std::chrono::system_clock::time_point time) {
  if (time == std::chrono::system_clock::time_point{}) return nullptr;
  return text(format_rfc3339(time));
}

json::value usage_of(const std::optional<ResourceUsage>& usage) {
  if (!usage) return nullptr;
  return {{"cpu_time_ns", usage->cpu_time_ns},
          {"memory_peak_bytes", usage->memory_peak_bytes},
          {"io_read_bytes", usage->io_read_bytes},
          {"io_write_bytes", usage->io_write_bytes}};
}

json::object object_of(const ExecutionRecord& record) {
  const ExecutionResult& result = record.result;
  json::object object;
  object["id"] = text(record.id);
  object["caller"] = text(record.caller);
  object["status"] = to_string(result.status);
  object["command"] = text(record.command);
  if (record.arguments == ArgumentsKept::Yes) {
    json::array args;
    for (const std::string& argument : record.args) args.push_back(text(argument));
    object["args"] = std::move(args);
  }
  if (!record.work_dir.empty()) object["work_dir"] = text(record.work_dir);
  if (!record.trace.empty()) object["trace"] = text(record.trace);
  object["created"] = time_of(record.created);
  object["start_time"] = time_of(result.start_time);
  object["end_time"] = time_of(result.end_time);
  object["duration"] = std::int64_t{result.duration.count()};
  object["exit_code"] = result.exit_code;
  object["signal"] = result.signal ? json::value(*result.signal) : nullptr;
  object["limit_hit"] = result.limit_hit ? json::value(to_string(*result.limit_hit)) : nullptr;
  object["resource_usage"] = usage_of(result.resource_usage);
  if (!result.error.empty()) object["error"] = text(result.error);
  object["tier"] = to_string(result.tier);
  object["backend"] = text(result.backend);
  object["stdout_bytes"] = record.stdout_bytes;
  object["stderr_bytes"] = record.stderr_bytes;
  object["output_expired"] = record.output_expired;
  return object;
}

}  // namespace

std::string to_json(const ExecutionRecord& record) { return json::serialize(object_of(record)); }

std::string to_json(const ExecutionList& list, std::string_view name) {
  json::array executions;
  for (const ExecutionRecord& record : list.executions) executions.push_back(object_of(record));
  json::object object{{name, std::move(executions)}};
  object["next"] = list.next.empty() ? json::value(nullptr) : json::value(text(list.next));
  return json::serialize(object);
}

std::string to_json(const ManagerStats& stats) {
  return json::serialize(json::value{{"running", stats.running},
                                     {"queued", stats.queued},
                                     {"max_running", stats.max_running},
                                     {"max_queued", stats.max_queued},
                                     {"completed", stats.completed},
                                     {"failed", stats.failed},
                                     {"timed_out", stats.timed_out},
                                     {"killed", stats.killed},
                                     {"refused_quota", stats.refused_quota},
                                     {"refused_unavailable", stats.refused_unavailable},
                                     {"store_failures", stats.store_failures},
                                     {"stored_executions", stats.stored_executions},
                                     {"stored_output_bytes", stats.stored_output_bytes},
                                     {"draining", stats.draining}});
}

std::string to_json(const std::vector<store::AuditEvent>& events) {
  json::array list;
  for (const store::AuditEvent& event : events) {
    json::object object{{"id", event.id},
                        {"time", time_of(event.time)},
                        {"caller", text(event.caller)},
                        {"action", text(event.action)},
                        {"decision", text(event.decision)}};
    if (!event.subject.empty()) object["execution"] = text(event.subject);
    if (!event.reason.empty()) object["why"] = text(event.reason);
    list.push_back(std::move(object));
  }
  return json::serialize(json::object{{"events", std::move(list)}});
}

std::string event_data(const Event& event, OutputEncoding encoding) {
  json::object object{{"time", time_of(event.time)}};
  switch (event.kind) {
    case EventKind::Stdout:
    case EventKind::Stderr:
      if (encoding == OutputEncoding::Base64) {
        object["base64"] = json::string(encode_base64(event.bytes));
      } else {
        object["text"] = text(event.bytes);
      }
      break;
    case EventKind::Status:
      object["status"] = to_string(event.status);
      break;
    case EventKind::Usage:
      object["resource_usage"] = usage_of(event.usage);
      break;
    case EventKind::Dropped:
      break;
  }
  return json::serialize(object);
}

}  // namespace cordon::server
