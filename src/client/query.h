// A list's filter as the API takes it, and the two halves of what is known of an execution.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "cordon/execution_record.h"

namespace cordon::client {

// "?status=running&limit=50"; every value encoded.
std::string query_of(const ExecutionFilter& filter, const Page& page);

// A record together with what only the result has: guarantees, adjustments, what was truncated.
boost::json::object with_details(boost::json::object record, boost::json::object result);

}  // namespace cordon::client
