// The field `files` of POST execute.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <vector>

#include "cordon/error.h"
#include "cordon/manager.h"

namespace cordon::server {

// A list of {path, content | content_base64, mode}, or an object with the paths as names and the
// content, or the rest of such an object, as values. Errors: InvalidArgument with the field as
// subject: files[3].path, files["main.py"].mode.
Result<std::vector<InputFile>> read_files(const boost::json::value& value);

// What no single one of them shows. Errors: as above, files["main.py"].path.
Result<void> check_files(std::span<const InputFile> files);

}  // namespace cordon::server
