#include "devenv/dockerfile_instructions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "core/try.h"

namespace cordon::devenv {

namespace {

constexpr std::array<std::string_view, 18> kNames = {
    "ADD",        "ARG",         "CMD",   "COPY",       "ENTRYPOINT", "ENV",
    "EXPOSE",     "FROM",        "LABEL", "MAINTAINER", "ONBUILD",    "RUN",
    "STOPSIGNAL", "HEALTHCHECK", "SHELL", "USER",       "VOLUME",     "WORKDIR"};

bool is_name(std::string_view word) { return std::ranges::find(kNames, word) != kNames.end(); }

std::string first_word(std::string_view text) {
  // White space beyond ASCII is skipped by some engines.
  text.remove_prefix(
      std::min(text.size(),
               static_cast<std::size_t>(
                   std::ranges::find_if(text, [](unsigned char c) { return c > ' ' && c < 0x80; }) -
                   text.begin())));
  return upper(text.substr(0, text.find_first_of(" \t")));
}

Result<void> check_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool end_of_line = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (c == '\n' || c == '\t' || end_of_line || (c >= ' ' && c != 0x7f)) continue;
    return refuse_dockerfile(fmt::format("it contains the control character {:#04x}", c));
  }
  return {};
}

// The character that continues a line. Engines differ in which of the first lines may choose it.
Result<char> escape_of(std::string_view text) {
  for (bool first = true; !text.empty(); first = false) {
    const auto newline = text.find('\n');
    const auto line = trimmed(text.substr(0, newline));
    if (!line.starts_with('#')) break;
    auto directive = upper(line.substr(1));
    std::erase_if(directive, [](char c) { return c == ' ' || c == '\t'; });
    if (directive.starts_with("ESCAPE=")) {
      if (first && directive == "ESCAPE=`") return '`';
      if (first && directive == "ESCAPE=\\") return '\\';
      return refuse_dockerfile(
          "the directive escape is not in its first line, or is neither ` nor \\");
    }
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return '\\';
}

class Reader {
 public:
  Reader(std::string_view text, char escape) : text_(text), escape_(escape) {}

  Result<std::vector<Instruction>> read() {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      const auto line = next_line();
      const auto shown = trimmed(line);
      if (shown.empty() || shown.starts_with('#')) continue;
      list_.push_back({.name = "", .rest = "", .begin = begin, .end = 0});
      TRY(read_instruction(line));
    }
    return std::move(list_);
  }

 private:
  std::string_view next_line() {
    const std::size_t newline = std::min(text_.find('\n', at_), text_.size());
    std::string_view line = text_.substr(at_, newline - at_);
    at_ = std::min(newline + 1, text_.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  // Takes the character that continues the line, and the blanks behind it, away.
  Result<bool> take_continuation(std::string_view& line) const {
    auto shown = line;
    while (shown.ends_with(' ') || shown.ends_with('\t')) shown.remove_suffix(1);
    if (!shown.ends_with(escape_)) return false;
    shown.remove_suffix(1);
    if (shown.ends_with(escape_)) {
      return refuse_dockerfile(fmt::format(
          "a line ends with {0}{0}, which some engines continue and others do not", escape_));
    }
    line = shown;
    return true;
  }

  Result<void> read_instruction(std::string_view line) {
    std::string joined;
    bool indented_comment = false;
    for (bool continues = TRY(take_continuation(line));; continues = TRY(take_continuation(line))) {
      joined += line;
      if (!continues) break;
      // Comments and empty lines do not end it.
      bool found = false;
      while (!found && at_ < text_.size()) {
        line = next_line();
        const auto shown = trimmed(line);
        if (shown.starts_with('#') && !line.starts_with('#')) indented_comment = true;
        found = !shown.empty() && !shown.starts_with('#');
      }
      if (!found) break;
      if (indented_comment && is_name(first_word(line))) {
        return refuse_dockerfile(
            fmt::format("behind an indented comment in a continued instruction stands {}, which "
                        "some engines take for an instruction",
                        first_word(line)),
            "begin that comment at the start of its line");
      }
    }
    Instruction& made = list_.back();
    const auto whole = trimmed(joined);
    const auto blank = std::min(whole.find_first_of(" \t"), whole.size());
    made.name = upper(whole.substr(0, blank));
    made.rest = trimmed(whole.substr(blank));
    made.end = at_;
    if (is_name(made.name)) return {};
    // Not what is there instead: it may be no Dockerfile, and nothing to show to strangers.
    const auto line_number = 1 + std::ranges::count(text_.substr(0, made.begin), '\n');
    return refuse_dockerfile(
        fmt::format("line {} begins with no instruction", line_number),
        "the first says which image to start from, FROM debian:12; here-documents are not taken: a "
        "script is a file that is copied, or lines that end with a backslash");
  }

  std::string_view text_;
  char escape_;
  std::size_t at_ = 0;
  std::vector<Instruction> list_;
};

}  // namespace

std::string upper(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](unsigned char c) { return std::toupper(c); });
  return made;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    text = trimmed(text);
    if (text.empty()) return words;
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::unexpected<Error> refuse_dockerfile(std::string detail, std::string remedy) {
  Error error = invalid_argument("use the Dockerfile", "", std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

Result<std::vector<Instruction>> instructions_of(std::string_view text) {
  TRY(check_characters(text));
  return Reader(text, TRY(escape_of(text))).read();
}

}  // namespace cordon::devenv
