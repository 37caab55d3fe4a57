#include "server/go_duration.h"

#include <fmt/format.h>

namespace cordon::server {

namespace {

// Without zeros at the end.
std::string decimal(std::int64_t count, std::int64_t unit) {
  std::string text = fmt::format("{}", count / unit);
  std::int64_t rest = count % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string format_go_duration(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  if (count < 1'000) return fmt::format("{}ns", count);
  if (count < 1'000'000) return decimal(count, 1'000) + "\u00b5s";
  if (count < 1'000'000'000) return decimal(count, 1'000'000) + "ms";
  constexpr std::int64_t kMinute = 60'000'000'000;
  std::string text;
  if (const auto hours = count / (60 * kMinute); hours > 0) text = fmt::format("{}h", hours);
  if (count >= kMinute) text += fmt::format("{}m", count / kMinute % 60);
  return text + decimal(count % kMinute, 1'000'000'000) + "s";
}

}  // namespace cordon::server
