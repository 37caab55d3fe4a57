// Records and events as JSON.
#pragma once

#include <string>

#include "cordon/execution_record.h"
#include "cordon/manager.h"

namespace cordon::server {

// Without output and guarantees: those are in the result.
std::string to_json(const ExecutionRecord& record);
std::string to_json(const ExecutionList& list);
// One object of numbers, named as the members of ManagerStats.
std::string to_json(const ManagerStats& stats);
// The data of one server-sent event. Output that is not UTF-8 has its invalid bytes replaced; the
// output route has the bytes as they are.
std::string event_data(const Event& event);

}  // namespace cordon::server
