#include "core/rfc3339.h"

#include <fmt/format.h>
#include <time.h>

#include <ctime>

namespace cordon {

std::string format_rfc3339(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto since_epoch = time.time_since_epoch();
  const auto whole = floor<seconds>(since_epoch);
  const auto second = static_cast<std::time_t>(whole.count());
  std::tm utc{};
  ::gmtime_r(&second, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     duration_cast<nanoseconds>(since_epoch - whole).count());
}

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (text.size() > kLongest) return std::nullopt;
  const std::string copy(text);
  std::tm utc{};
  const char* const end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (end == nullptr) return std::nullopt;
  std::string_view rest(end);
  std::int64_t nanoseconds = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    if (digits == 0) return std::nullopt;
    for (std::size_t i = 0; i < 9; ++i) {
      nanoseconds = nanoseconds * 10 + (i < digits ? rest[i] - '0' : 0);
    }
    rest.remove_prefix(digits);
  }
  if (rest != "Z") return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&utc)) +
         std::chrono::nanoseconds(nanoseconds);
}

}  // namespace cordon
