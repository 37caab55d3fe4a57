#pragma once

#include <cstdint>
#include <string>

namespace cordon::observe {

// "mount"; "number 1000" of one that has no name here.
std::string system_call_name(std::int64_t number);

}  // namespace cordon::observe
