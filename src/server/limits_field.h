// What bodies of jobs and of environments have alike.
#pragma once

#include <cstdint>
#include <optional>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "server/execute_body.h"
#include "server/json_fields.h"

namespace cordon::server {

// "limits", into the command; returns its disk_mb in bytes. Errors: as JsonFields; its fields are
// called limits.pids.
Result<std::optional<std::uint64_t>> limits_field(JsonFields& fields, ExecuteBody& command);
// "pull"; missing where it is absent.
Result<PullPolicy> pull_field(JsonFields& fields);

}  // namespace cordon::server
