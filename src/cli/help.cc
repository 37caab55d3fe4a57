#include "cli/help.h"

#include <fmt/format.h>
namespace cordon::cli {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 24;  // where the words about an option begin

// Words from column kIndent on; the cursor stands at `column`.
void append_wrapped(std::string& out, std::size_t column, std::string_view words) {
  while (!words.empty()) {
    const std::size_t space = words.find(' ');
    const std::string_view word = words.substr(0, space);
    words = space == std::string_view::npos ? std::string_view() : words.substr(space + 1);
    if (column > kIndent && column + 1 + word.size() > kWidth) {
      out += '\n';
      column = 0;
    }
    if (column < kIndent) {
      out.append(kIndent - column, ' ');
      column = kIndent;
    } else if (column > kIndent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

void append_option(std::string& out, const OptionSpec& option) {
  std::string left = option.letter.empty() ? "  " : fmt::format("  -{}, ", option.letter);
  left += fmt::format("--{}", option.name);
  if (!option.value.empty()) left += fmt::format(" {}", option.value);
  out += left;
  std::size_t column = left.size();
  if (column + 2 > kIndent) {
    out += '\n';
    column = 0;
  }
  std::string words(option.help);
  if (!option.initial.empty()) words += fmt::format(" [default: {}]", option.initial);
  append_wrapped(out, column, words);
}

}  // namespace

std::string format_page(const Page& page) {
  std::string out = fmt::format("{}\n\n{}\n", page.usage, page.about);
  std::string_view group;
  for (const OptionSpec& option : page.options) {
    if (option.group != group) {
      group = option.group;
      out += fmt::format("\n{}:\n", group);
    }
    append_option(out, option);
  }
  if (!page.closing.empty()) out += fmt::format("\n{}\n", page.closing);
  return out;
}

}  // namespace cordon::cli
