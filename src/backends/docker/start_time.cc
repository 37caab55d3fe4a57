#include "docker/start_time.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "linux/proc_file.h"

namespace cordon::docker {

namespace {

// Cuts off the first word; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<long long> to_number(std::string_view text) {
  long long number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view start_in_stat(std::string_view stat) {
  // The name in field 2 may hold spaces and brackets.
  const auto bracket = stat.rfind(')');
  if (bracket == std::string_view::npos) return {};
  stat.remove_prefix(bracket + 1);
  constexpr int kFieldsBetween = 19;
  for (int i = 0; i < kFieldsBetween; ++i) take_word(stat);
  return take_word(stat);
}

long long boot_offset(std::string_view offsets, long ticks_per_second) {
  const auto line = offsets.find("boottime");
  if (line == std::string_view::npos) return 0;
  offsets = offsets.substr(line, offsets.find('\n', line) - line);
  take_word(offsets);
  const auto seconds = to_number(take_word(offsets));
  const auto nanoseconds = to_number(take_word(offsets));
  constexpr long long kNanosecondsOfSecond = 1'000'000'000;
  return seconds.value_or(0) * ticks_per_second +
         nanoseconds.value_or(0) * ticks_per_second / kNanosecondsOfSecond;
}

std::optional<long long> start_time(std::string_view pid) {
  const auto stat = linux_os::read_proc_line(fmt::format("/proc/{}/stat", pid));
  const auto shown = to_number(stat ? start_in_stat(*stat) : "");
  if (!shown) return std::nullopt;
  const auto offsets = linux_os::read_proc_file("/proc/self/timens_offsets");
  return *shown - boot_offset(offsets.value_or(""), ::sysconf(_SC_CLK_TCK));
}

}  // namespace cordon::docker
