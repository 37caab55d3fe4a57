// The backends that a small program carries. The others need libraries that cost every run of it;
// they are in programs of their own, which it execs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "native/native_backend.h"

namespace cordon {

bool is_light_backend(std::string_view name);

// Null where the backend is none of them.
std::unique_ptr<Backend> make_light_backend(std::string_view name, Preparation preparation);

}  // namespace cordon
