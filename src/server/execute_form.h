// The body of POST /api/v1/sandbox/execute as a form: what a command line sends files with.
#pragma once

#include <string_view>

#include "cordon/error.h"
#include "server/execute_body.h"

namespace cordon::server {

// multipart/form-data: one part `request`, the JSON of read_execute_body(), and parts `files` and
// `executables`, each with a filename: a path below the work directory. Errors: InvalidArgument
// with the field as subject: files["../x"].path.
Result<ExecuteBody> read_execute_form(std::string_view content_type, std::string_view body);

}  // namespace cordon::server
