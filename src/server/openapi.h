// openapi.json, compiled in.
#pragma once

#include <string_view>

namespace cordon::server {

std::string_view openapi_document();

}  // namespace cordon::server
