#include "devenv/dockerfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>
#include <map>

#include "core/try.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostText = 1 << 20;

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

std::unexpected<Error> refuse(std::string detail, std::string remedy = {}) {
  Error error = invalid_argument("use the Dockerfile", "", std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

// The character that continues a line, where the first lines choose another one.
char escape_of(std::string_view text) {
  while (!text.empty()) {
    const auto line = trimmed(text.substr(0, text.find('\n')));
    if (!line.starts_with('#')) break;
    auto directive = upper(line.substr(1));
    std::erase_if(directive, [](char c) { return c == ' ' || c == '\t'; });
    if (directive == "ESCAPE=`") return '`';
    if (!directive.contains('=')) break;
    text.remove_prefix(std::min(text.size(), text.find('\n')));
    if (text.starts_with('\n')) text.remove_prefix(1);
  }
  return '\\';
}

struct Instruction {
  std::string name;
  std::string rest;
  std::size_t end = 0;  // of its last line, in the text
};

std::vector<Instruction> instructions_of(std::string_view text) {
  const char escape = escape_of(text);
  std::vector<Instruction> list;
  std::string joined;
  bool continues = false;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t newline = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, newline - at);
    at = std::min(newline + 1, text.size());
    if (newline == text.size()) at = text.size();
    const auto shown = trimmed(line);
    // Comments and empty lines do not end a continued instruction.
    if (shown.empty() || shown.starts_with('#')) {
      if (!continues) continue;
      if (at < text.size()) continue;
    } else {
      line = trimmed(line);
      continues = line.ends_with(escape);
      if (continues) line.remove_suffix(1);
      joined += line;
      if (continues) joined += ' ';
      if (continues && at < text.size()) continue;
    }
    const auto whole = trimmed(joined);
    const auto space = std::min(whole.find_first_of(" \t"), whole.size());
    list.push_back({upper(whole.substr(0, space)), std::string(trimmed(whole.substr(space))), at});
    joined.clear();
    continues = false;
  }
  return list;
}

// "$NAME", "${NAME}", "${NAME:-other}"; names that nobody set stay as they are written.
std::string substitute(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string made;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    made += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    const bool braces = text.starts_with("${");
    const std::size_t begin = braces ? 2 : 1;
    auto end = begin;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
      ++end;
    }
    const std::string name(text.substr(begin, end - begin));
    std::string_view other;
    auto after = end;
    if (braces) {
      const auto close = text.find('}', end);
      if (close == std::string_view::npos || name.empty()) return made.append(text);
      const auto form = text.substr(end, close - end);
      if (form.starts_with(":-")) other = form.substr(2);
      after = close + 1;
    }
    const auto found = values.find(name);
    if (found != values.end() && !found->second.empty()) {
      made += found->second;
    } else if (!other.empty() || found != values.end()) {
      made += other;
    } else {
      made += text.substr(0, after);
    }
    text.remove_prefix(after);
  }
  return made;
}

void take_argument(const std::string& rest, const BuildArguments& given,
                   std::map<std::string, std::string>& values) {
  const auto equals = rest.find('=');
  const std::string name = rest.substr(0, equals);
  std::string value = equals == std::string::npos ? "" : rest.substr(equals + 1);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  const auto chosen = std::ranges::find(given, name, [](const auto& one) { return one.first; });
  values[name] = chosen != given.end() ? chosen->second : substitute(value, values);
}

bool is_remote(std::string_view source) {
  return source.starts_with("http://") || source.starts_with("https://") ||
         source.starts_with("git@");
}

void take_copy(const Instruction& instruction, Dockerfile& file) {
  std::string_view rest = instruction.rest;
  while (rest.starts_with("--")) {
    if (rest.starts_with("--from=")) return;  // of another stage, not of the context
    rest = trimmed(rest.substr(std::min(rest.find_first_of(" \t"), rest.size())));
  }
  std::vector<std::string> words;
  boost::json::error_code failure;
  const auto list = boost::json::parse(boost::json::string_view(rest.data(), rest.size()), failure);
  if (rest.starts_with('[') && !failure && list.is_array()) {
    for (const auto& one : list.get_array()) {
      if (one.is_string()) words.emplace_back(one.get_string().data(), one.get_string().size());
    }
  } else {
    words = words_of(rest);
  }
  if (!words.empty()) words.pop_back();  // where to
  for (std::string& source : words) {
    if (instruction.name == "ADD" && is_remote(source)) continue;
    if (source.contains('$')) file.copies_all = true;
    file.sources.push_back(std::move(source));
  }
}

}  // namespace

Result<Dockerfile> read_dockerfile(std::string_view text, const BuildArguments& arguments,
                                   std::string_view label) {
  if (text.size() > kMostText) return refuse("it is beyond 1 MiB");
  if (text.contains('\0')) return refuse("it contains a NUL byte");
  Dockerfile file;
  std::map<std::string, std::string> values;
  std::vector<std::string> stages;
  std::size_t copied = 0;
  bool begun = false;
  for (const Instruction& instruction : instructions_of(text)) {
    if (instruction.name == "ARG" && !begun) {
      take_argument(instruction.rest, arguments, values);
    } else if (instruction.name == "FROM") {
      begun = true;
      auto words = words_of(instruction.rest);
      while (!words.empty() && words.front().starts_with("--")) words.erase(words.begin());
      if (words.empty()) return refuse("a FROM names no image");
      const std::string base = substitute(words[0], values);
      const bool own = std::ranges::find(stages, base) != stages.end();
      if (!own && base != "scratch" && std::ranges::find(file.bases, base) == file.bases.end()) {
        file.bases.push_back(base);
      }
      if (words.size() >= 3 && upper(words[1]) == "AS") stages.push_back(words[2]);
      file.text += text.substr(copied, instruction.end - copied);
      copied = instruction.end;
      if (!file.text.ends_with('\n')) file.text += '\n';
      if (!label.empty()) file.text += fmt::format("LABEL {}\n", label);
    } else if (!begun) {
      // Not what is there instead: it may be no Dockerfile, and nothing to show to strangers.
      return refuse("it does not begin with FROM",
                    "its first instruction says which image to start from: FROM debian:12");
    } else if (instruction.name == "COPY" || instruction.name == "ADD") {
      take_copy(instruction, file);
    }
  }
  if (!begun) {
    return refuse("it has no FROM",
                  "its first instruction says which image to start from: FROM debian:12");
  }
  file.text += text.substr(copied);
  return file;
}

}  // namespace cordon::devenv
