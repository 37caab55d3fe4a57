// W3C Trace Context, as far as a server needs it that makes no spans of its own.
#pragma once

#include <string_view>

namespace cordon::server {

// Whether it is a traceparent of version 00 with a trace and a parent that are not zero. Others are
// dropped, as the specification wants it.
bool is_traceparent(std::string_view text);

}  // namespace cordon::server
