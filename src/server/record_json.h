// Records and events as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/execution_record.h"
#include "cordon/manager.h"
#include "store/audit_events.h"

namespace cordon::server {

// Without output and guarantees: those are in the result.
std::string to_json(const ExecutionRecord& record);
std::string to_json(const ExecutionList& list, std::string_view name = "executions");
// One object of numbers, named as the members of ManagerStats.
std::string to_json(const ManagerStats& stats);
std::string to_json(const std::vector<store::AuditEvent>& events);

enum class OutputEncoding {
  Text,    // "text": UTF-8, invalid bytes replaced
  Base64,  // "base64": the bytes as they are
};

// The data of one server-sent event.
std::string event_data(const Event& event, OutputEncoding encoding);

}  // namespace cordon::server
