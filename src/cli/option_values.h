// Values of options: each refuses nonsense in the words of the option.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::cli {

template <class T>
struct Range {
  T least;
  T most;
};

Result<std::uint64_t> size_value(std::string_view option, std::string_view value,
                                 std::uint64_t least);
Result<std::chrono::nanoseconds> duration_value(std::string_view option, std::string_view value);
Result<std::uint64_t> whole_number_value(std::string_view option, std::string_view value,
                                         Range<std::uint64_t> range);
Result<double> decimal_value(std::string_view option, std::string_view value, Range<double> range);
Result<std::string> hostname_value(std::string_view option, std::string_view value);

}  // namespace cordon::cli
