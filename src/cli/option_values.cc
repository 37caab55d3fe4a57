#include "cli/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "cli/options.h"
#include "core/units.h"

namespace cordon::cli {

namespace {

std::unexpected<Error> refuse(std::string_view option, std::string_view value,
                              std::string_view detail) {
  return refuse_option(option, value.empty() ? "\"\"" : value, detail);
}

bool is_host_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-';
}

}  // namespace

Result<std::uint64_t> size_value(std::string_view option, std::string_view value,
                                 std::uint64_t least) {
  const auto size = parse_size(value);
  if (!size) {
    return refuse(option, value, "not a size; write a number with K, M, G or T, such as 512M");
  }
  if (*size < least) {
    return refuse(option, value, fmt::format("the least is {}", format_size(least)));
  }
  return *size;
}

Result<std::chrono::nanoseconds> duration_value(std::string_view option, std::string_view value) {
  const auto duration = parse_duration(value);
  if (!duration) {
    return refuse(option, value,
                  "not a duration above zero; write a number with ms, s, m or h, such as 90s");
  }
  return *duration;
}

Result<std::uint64_t> whole_number_value(std::string_view option, std::string_view value,
                                         Range<std::uint64_t> range) {
  std::uint64_t number = 0;
  const char* const begin = value.data();
  const char* const end = begin + value.size();
  const auto [stopped, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stopped != end || number < range.least || number > range.most) {
    return refuse(option, value,
                  fmt::format("write a whole number from {} to {}", range.least, range.most));
  }
  return number;
}

Result<double> decimal_value(std::string_view option, std::string_view value, Range<double> range) {
  double number = 0;
  const char* const begin = value.data();
  const char* const end = begin + value.size();
  const auto [stopped, error] = std::from_chars(begin, end, number, std::chars_format::fixed);
  // Written so that "nan", which from_chars takes, is refused as well.
  const bool within = number >= range.least && number <= range.most;
  if (error != std::errc() || stopped != end || !within) {
    return refuse(
        option, value,
        fmt::format("write a number from {} to {}, such as 1.5", range.least, range.most));
  }
  return number;
}

Result<std::string> hostname_value(std::string_view option, std::string_view value) {
  constexpr std::size_t kLongest = 64;  // HOST_NAME_MAX
  if (value.empty() || value.size() > kLongest ||
      !std::ranges::all_of(value, is_host_name_letter)) {
    return refuse(option, value, "write 1 to 64 letters, digits, dots and dashes");
  }
  return std::string(value);
}

}  // namespace cordon::cli
