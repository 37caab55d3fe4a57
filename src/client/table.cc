#include "client/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

#include "cli/explain_report.h"
#include "core/printable.h"
#include "core/rfc3339.h"
#include "core/units.h"
#include "core/utf8.h"

namespace cordon::client {

namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

// Up to the random bits of the time's own millisecond: two of the same are rare, and kill and its
// like say so.
constexpr std::size_t kShortId = 18;

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (!value || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (!value || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// To at most `most` characters, with a mark where something is missing.
std::string cut(std::string_view text, std::size_t most) {
  if (columns(text) <= most) return std::string(text);
  if (most == 0) return {};
  std::string kept;
  for (std::size_t i = 0; i + 1 < most; ++i) {
    const std::size_t length = first_character(text);
    kept += text.substr(0, length);
    text.remove_prefix(length);
  }
  return kept + "\u2026";
}

void append_cell(std::string& line, std::string_view text, std::size_t width) {
  line += text;
  const std::size_t used = columns(text);
  line.append(used < width ? width - used : 0, ' ');
  line += "  ";
}

std::string status_words(const json::object& execution) {
  const std::string_view status = text_of(execution, "status");
  const auto code = number_of(execution, "exit_code");
  if (status == "failed" && code) return fmt::format("failed ({})", *code);
  return printable(status);
}

struct Line {
  std::string id, status, backend, started, duration, command;
};

std::string joined(const Line& line) {
  std::string text;
  append_cell(text, line.id, kShortId);
  append_cell(text, line.status, 12);
  append_cell(text, line.backend, 7);
  append_cell(text, line.started, 14);
  append_cell(text, line.duration, 8);
  return text + line.command;
}

}  // namespace

std::string ago(nanoseconds age) {
  using namespace std::chrono;
  struct Unit {
    seconds length;
    std::string_view name;
  };
  constexpr std::array kUnits = {Unit{days(365), "year"},   Unit{days(30), "month"},
                                 Unit{days(7), "week"},     Unit{days(1), "day"},
                                 Unit{hours(1), "hour"},    Unit{minutes(1), "minute"},
                                 Unit{seconds(1), "second"}};
  for (const Unit& unit : kUnits) {
    if (age < unit.length) continue;
    const auto count = age / unit.length;
    return fmt::format("{} {}{} ago", count, unit.name, count == 1 ? "" : "s");
  }
  return "now";
}

std::string command_line(const json::object& execution) {
  std::string line = cli::shell_word(text_of(execution, "command"));
  const json::value* const args = execution.if_contains("args");
  if (!args || !args->is_array()) return printable(line + " (arguments not kept)");
  for (const json::value& argument : args->get_array()) {
    if (!argument.is_string()) continue;
    line += ' ';
    line += cli::shell_word({argument.get_string().data(), argument.get_string().size()});
  }
  return printable(line);
}

std::string table_head() {
  return joined({.id = "ID",
                 .status = "STATUS",
                 .backend = "BACKEND",
                 .started = "STARTED",
                 .duration = "DURATION",
                 .command = "COMMAND"}) +
         "\n";
}

std::string table_row(const json::object& execution, const TableForm& form) {
  const std::string id = printable(text_of(execution, "id"));
  Line line{.id = form.whole ? id : id.substr(0, kShortId),
            .status = status_words(execution),
            .backend = printable(text_of(execution, "backend")),
            .started = "-",
            .duration = "-",
            .command = command_line(execution)};
  if (const auto started = parse_rfc3339(text_of(execution, "start_time"))) {
    line.started = ago(form.now - *started);
    const bool running = !parse_rfc3339(text_of(execution, "end_time"));
    const nanoseconds lasted = running ? std::max(nanoseconds(0), form.now - *started)
                                       : nanoseconds(number_of(execution, "duration").value_or(0));
    line.duration = format_duration(lasted);
  }
  const std::string text = joined(line);
  return (form.width > 0 && !form.whole ? cut(text, form.width) : text) + "\n";
}

}  // namespace cordon::client
