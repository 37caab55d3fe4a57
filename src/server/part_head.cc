#include "server/part_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "server/http_message.h"

namespace cordon::server {

namespace {

constexpr std::size_t kLongestBoundary = 70;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool is_token(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string::npos;
}

struct Parameter {
  std::string_view name;
  std::string value;
};

std::expected<std::string, std::string> quoted(std::string_view& rest) {
  std::string value;
  for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == '"') {
      rest.remove_prefix(1);
      return value;
    }
    // Others are as they stand: some browsers send paths with backslashes.
    if (rest.starts_with("\\\"") || rest.starts_with("\\\\")) rest.remove_prefix(1);
    value += rest.front();
  }
  return std::unexpected("a quoted value has no end");
}

// "; name=value" or "; name="value"", taken off the front; `rest` begins with the semicolon.
std::expected<Parameter, std::string> next_parameter(std::string_view& rest) {
  if (!rest.starts_with(';')) return std::unexpected("a parameter begins with a semicolon");
  rest = trimmed(rest.substr(1));
  const auto name_end = std::ranges::find_if_not(rest, is_token);
  Parameter parameter{rest.substr(0, static_cast<std::size_t>(name_end - rest.begin())), {}};
  rest.remove_prefix(parameter.name.size());
  if (parameter.name.empty() || !rest.starts_with('=')) {
    return std::unexpected("a parameter is written name=\"value\"");
  }
  rest.remove_prefix(1);
  if (rest.starts_with('"')) {
    auto value = quoted(rest);
    if (!value) return std::unexpected(std::move(value).error());
    parameter.value = *std::move(value);
  } else {
    const auto end = std::ranges::find_if_not(rest, is_token);
    parameter.value = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    if (parameter.value.empty()) return std::unexpected("a parameter has no value");
    rest.remove_prefix(parameter.value.size());
  }
  rest = trimmed(rest);
  return parameter;
}

// Empty: there was none that is wrong.
std::string read_disposition(std::string_view value, PartHead& head) {
  const auto end = std::min(value.find(';'), value.size());
  if (!equal_ignoring_case(trimmed(value.substr(0, end)), "form-data")) {
    return "its disposition is not form-data";
  }
  std::string_view rest = value.substr(end);
  bool named = false;
  while (!rest.empty()) {
    auto parameter = next_parameter(rest);
    if (!parameter) return std::move(parameter).error();
    const std::string_view name = parameter->name;
    if (equal_ignoring_case(name, "name") && !named) {
      named = true;
      head.name = std::move(parameter->value);
    } else if (equal_ignoring_case(name, "filename") && !head.file_name) {
      head.file_name = std::move(parameter->value);
    } else {
      return fmt::format("its disposition has {} twice, or more than a name and a filename", name);
    }
  }
  return named ? "" : "its disposition has no name";
}

}  // namespace

std::string_view media_type(std::string_view content_type) {
  return trimmed(content_type.substr(0, content_type.find(';')));
}

std::expected<std::string, std::string> boundary_of(std::string_view content_type) {
  std::string_view rest =
      content_type.substr(std::min(content_type.find(';'), content_type.size()));
  std::string boundary;
  while (!rest.empty()) {
    auto parameter = next_parameter(rest);
    if (!parameter) return std::unexpected(std::move(parameter).error());
    if (!equal_ignoring_case(parameter->name, "boundary")) continue;
    if (!boundary.empty()) return std::unexpected("its Content-Type has two boundaries");
    boundary = std::move(parameter->value);
  }
  const bool printable = std::ranges::all_of(boundary, [](char c) { return c >= ' ' && c < 0x7f; });
  if (boundary.empty() || boundary.size() > kLongestBoundary || !printable ||
      boundary.ends_with(' ')) {
    return std::unexpected("its Content-Type names no boundary of 1 to 70 printable characters");
  }
  return boundary;
}

std::expected<PartHead, std::string> read_part_head(std::string_view lines,
                                                    std::size_t longest_name) {
  PartHead head;
  bool disposed = false;
  bool typed = false;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const auto colon = line.find(':');
    // A line that begins with a space would belong to the one before it.
    const bool well_formed = colon != std::string_view::npos && colon > 0 &&
                             std::ranges::all_of(line.substr(0, colon), is_token);
    if (!well_formed || std::ranges::any_of(line, [](char c) {
          return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
        })) {
      return std::unexpected("a line of its head is no header");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equal_ignoring_case(name, "Content-Disposition")) {
      if (std::exchange(disposed, true)) return std::unexpected("it has two dispositions");
      if (std::string wrong = read_disposition(value, head); !wrong.empty()) {
        return std::unexpected(std::move(wrong));
      }
    } else if (equal_ignoring_case(name, "Content-Type")) {
      if (std::exchange(typed, true)) return std::unexpected("it has two content types");
      head.content_type = media_type(value);
    } else if (equal_ignoring_case(name, "Content-Transfer-Encoding") &&
               !equal_ignoring_case(value, "binary") && !equal_ignoring_case(value, "8bit") &&
               !equal_ignoring_case(value, "7bit")) {
      return std::unexpected("its content is encoded; it is taken as it is");
    }
  }
  if (!disposed) return std::unexpected("it has no Content-Disposition");
  if (head.name.size() > longest_name || head.file_name.value_or("").size() > longest_name) {
    return std::unexpected(fmt::format("its name is longer than {} bytes", longest_name));
  }
  return head;
}

}  // namespace cordon::server
