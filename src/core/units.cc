#include "core/units.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <limits>
#include <optional>

#include "core/try.h"

namespace cordon {

namespace {

using Wide = unsigned __int128;

constexpr std::string_view kSizeForm =
    "a size is a number with an optional unit B, K, M, G, T, P or E (1024 each), as in 4096, 512M "
    "or 1.5G, and at most 8 EiB";
constexpr std::string_view kDurationForm =
    "a duration is a number of seconds, or numbers with the units d, h, m, s, ms, us, ns from "
    "large "
    "to small, as in 200ms, 1.5s, 5m or 1h30m; above zero and at most 36500d";

constexpr std::uint64_t kLargestSize = std::numeric_limits<std::int64_t>::max();
constexpr std::chrono::nanoseconds kLongestDuration = std::chrono::days(36500);

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number, exact: no floating point between what was typed and the limit that is set.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  std::uint64_t fraction_scale = 1;  // fraction / fraction_scale

  // Rounded down; nullopt above `largest`.
  std::optional<std::uint64_t> times(std::uint64_t unit, std::uint64_t largest) const {
    const Wide value = Wide{whole} * unit + Wide{fraction} * unit / fraction_scale;
    if (value > largest) return std::nullopt;
    return static_cast<std::uint64_t>(value);
  }
};

// Takes "12" or "1.5" from the front of `text`; nullopt for anything else, and for numbers that are
// longer than any sensible one.
std::optional<Decimal> take_number(std::string_view& text) {
  Decimal number;
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) {
    if (at == 19) return std::nullopt;  // 10^19 is above the largest size; 19 digits fit
    number.whole = number.whole * 10 + static_cast<unsigned>(text[at++] - '0');
  }
  if (at == 0) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && is_digit(text[at])) {
      if (at - first == 18) return std::nullopt;
      number.fraction = number.fraction * 10 + static_cast<unsigned>(text[at++] - '0');
      number.fraction_scale *= 10;
    }
    if (at == first) return std::nullopt;
  }
  text.remove_prefix(at);
  return number;
}

std::unexpected<Error> refuse(std::string_view what, std::string_view text, std::string_view form) {
  return std::unexpected(invalid_argument(fmt::format("read the {}", what),
                                          fmt::format("\"{}\"", text), std::string(form)));
}

// The number of times 1024 is multiplied in; nullopt for an unknown unit.
std::optional<unsigned> size_power(std::string_view unit) {
  constexpr std::string_view kLetters = "bkmgtpe";
  if (unit.empty()) return 0;
  const std::size_t power = kLetters.find(lower(unit[0]));
  if (power == std::string_view::npos) return std::nullopt;
  std::string_view rest = unit.substr(1);
  if (power > 0 && !rest.empty()) {  // KB and KiB mean K
    if (lower(rest[0]) == 'i' && rest.size() == 2) rest.remove_prefix(1);
    if (lower(rest[0]) == 'b') rest.remove_prefix(1);
  }
  if (!rest.empty()) return std::nullopt;
  return static_cast<unsigned>(power);
}

struct TimeUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
// From large to small; the order is the order in which they may be combined.
constexpr std::array<TimeUnit, 7> kTimeUnits = {{{"d", 86'400'000'000'000},
                                                 {"h", 3'600'000'000'000},
                                                 {"m", 60'000'000'000},
                                                 {"s", 1'000'000'000},
                                                 {"ms", 1'000'000},
                                                 {"us", 1'000},
                                                 {"ns", 1}}};
constexpr std::size_t kSeconds = 3;

std::optional<std::size_t> take_time_unit(std::string_view& text) {
  std::string name;
  while (name.size() < text.size() && !is_digit(text[name.size()])) {
    name += lower(text[name.size()]);
    if (name.size() > 2) return std::nullopt;
  }
  for (std::size_t i = 0; i < kTimeUnits.size(); ++i) {
    if (kTimeUnits[i].name == name) {
      text.remove_prefix(name.size());
      return i;
    }
  }
  return std::nullopt;
}

// 1.5, not 1.50; 2, not 2.00.
std::string trimmed(double value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number) return refuse("size", text, kSizeForm);
  const auto power = size_power(rest);
  if (!power) return refuse("size", text, kSizeForm);
  if (*power == 0 && number->fraction_scale != 1) return refuse("size", text, kSizeForm);
  const auto bytes = number->times(std::uint64_t{1} << (10 * *power), kLargestSize);
  if (!bytes) return refuse("size", text, kSizeForm);
  return *bytes;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr auto kLongest = static_cast<std::uint64_t>(kLongestDuration.count());
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  do {
    const bool first = rest.size() == text.size();
    const auto number = take_number(rest);
    if (!number) return refuse("duration", text, kDurationForm);
    std::optional<std::size_t> unit;
    if (first && rest.empty()) {
      unit = kSeconds;
    } else {
      unit = take_time_unit(rest);
    }
    if (!unit || *unit < next_unit) return refuse("duration", text, kDurationForm);
    const auto part = number->times(kTimeUnits[*unit].nanoseconds, kLongest - total);
    if (!part) return refuse("duration", text, kDurationForm);
    total += *part;
    next_unit = *unit + 1;
  } while (!rest.empty());
  if (total == 0) return refuse("duration", text, kDurationForm);
  return std::chrono::nanoseconds(total);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kNames = {"B",   "KiB", "MiB", "GiB",
                                                      "TiB", "PiB", "EiB"};
  std::size_t power = 0;
  auto value = static_cast<double>(bytes);
  // 1023.995 would print as 1024.
  while (value >= 1023.995 && power + 1 < kNames.size()) {
    value /= 1024;
    ++power;
  }
  return fmt::format("{} {}", trimmed(value), kNames[power]);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  if (duration.count() < 0) {
    const auto most = std::chrono::nanoseconds::max();
    return "-" + format_duration(duration < -most ? most : -duration);
  }
  const auto total = static_cast<std::uint64_t>(duration.count());
  if (total < 1'000) return fmt::format("{}ns", total);
  const auto in = [total](std::uint64_t unit) {
    return trimmed(static_cast<double>(total) / static_cast<double>(unit));
  };
  if (total < 999'995) return in(1'000) + "us";
  if (total < 999'995'000) return in(1'000'000) + "ms";
  if (total < 59'995'000'000) return in(1'000'000'000) + "s";
  std::uint64_t seconds = (total + 500'000'000) / 1'000'000'000;
  std::string text;
  const auto part = [&](std::uint64_t unit, char name) {
    if (seconds >= unit) text += fmt::format("{}{}", seconds / unit, name);
    seconds %= unit;
  };
  part(86'400, 'd');
  part(3'600, 'h');
  part(60, 'm');
  part(1, 's');
  return text;
}

}  // namespace cordon
