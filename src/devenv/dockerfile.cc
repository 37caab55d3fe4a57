#include "devenv/dockerfile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <cctype>
#include <map>

#include "core/printable.h"
#include "core/try.h"
#include "devenv/dockerfile_instructions.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostText = 1 << 20;

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

// As engines read words: quotes and escapes are not part of them.
std::string bare(std::string_view word) {
  std::string made(word);
  std::erase_if(made, [](char c) { return c == '"' || c == '\'' || c == '\\' || c == '`'; });
  return made;
}

bool is_remote(std::string_view source) {
  const std::string plain = bare(source);
  return plain.contains("://") || plain.starts_with("git@");
}

// What stands before its first variable leaves it open whether it is an address.
bool may_be_remote(std::string_view source) {
  const std::string plain = bare(source);
  const auto dollar = plain.find('$');
  if (dollar == std::string::npos) return false;
  const std::string_view before = std::string_view(plain).substr(0, dollar);
  return std::ranges::any_of(std::array{"http://", "https://", "git://", "git@", "ssh://"},
                             [&](std::string_view form) { return form.starts_with(before); });
}

// Podman would open a file of the host under such a name.
bool is_transport(std::string_view image) {
  constexpr std::array kTransports = {
      "atomic", "containers-storage", "dir",    "docker", "docker-archive", "docker-daemon",
      "oci",    "oci-archive",        "ostree", "sif",    "tarball"};
  const auto colon = image.find(':');
  return colon != std::string_view::npos &&
         std::ranges::find(kTransports, image.substr(0, colon)) != kTransports.end();
}

bool is_plain_name(std::string_view image) {
  constexpr std::string_view kOther = "._-/:@";
  return !image.empty() && std::ranges::all_of(image, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kOther.contains(static_cast<char>(c));
  });
}

class Reader {
 public:
  Reader(const BuildArguments& arguments, std::string_view label)
      : arguments_(arguments), label_(label) {}

  Result<Dockerfile> read(std::string_view text) {
    std::size_t copied = 0;
    for (const Instruction& instruction : TRY(instructions_of(text))) {
      if (instruction.name == "FROM") {
        file_.text += text.substr(copied, instruction.begin - copied);
        copied = instruction.end;
        TRY(take_from(instruction));
      } else if (begun_) {
        TRY(take(instruction));
      } else if (instruction.name == "ARG") {
        take_argument(instruction.rest, arguments_, values_);
      } else {
        // Not what is there instead: it may be no Dockerfile, and nothing to show to strangers.
        return refuse_dockerfile("it does not begin with FROM", std::string(kBeginWithFrom));
      }
    }
    if (!begun_) return refuse_dockerfile("it has no FROM", std::string(kBeginWithFrom));
    file_.text += text.substr(copied);
    return std::move(file_);
  }

 private:
  static constexpr std::string_view kBeginWithFrom =
      "its first instruction says which image to start from: FROM debian:12";

  // Engines differ in how they replace variables: they are given the outcome.
  Result<void> take_from(const Instruction& instruction) {
    begun_ = true;
    std::string_view rest = instruction.rest;
    const std::string flags = TRY(take_flags("FROM", rest));
    auto words = words_of(rest);
    if (words.empty()) return refuse_dockerfile("a FROM names no image");
    words[0] = substitute(words[0], values_);
    TRY(add_base("FROM", words[0]));
    if (words.size() >= 3 && upper(words[1]) == "AS") stages_.push_back(upper(words[2]));
    file_.text += fmt::format("FROM {}{}\n", flags, fmt::join(words, " "));
    if (!label_.empty()) file_.text += fmt::format("LABEL {}\n", label_);
    return {};
  }

  Result<void> take(const Instruction& instruction) {
    if (instruction.name == "RUN") {
      // Some engines take quotes and escapes out of flags.
      std::string squeezed = bare(instruction.rest);
      std::erase_if(squeezed, [](char c) { return c == ' ' || c == '\t'; });
      file_.mounts = file_.mounts || upper(squeezed).contains("--MOUNT");
    } else if (instruction.name == "COPY" || instruction.name == "ADD") {
      TRY(take_copy(instruction));
    } else if (instruction.name == "ONBUILD") {
      const auto blank = std::min(instruction.rest.find_first_of(" \t"), instruction.rest.size());
      const std::string_view rest = instruction.rest;
      TRY(take({.name = upper(rest.substr(0, blank)),
                .rest = std::string(trimmed(rest.substr(blank))),
                .begin = instruction.begin,
                .end = instruction.end}));
    }
    return {};
  }

  // "--name=value --other " of the front.
  static Result<std::string> take_flags(std::string_view name, std::string_view& rest) {
    std::string flags;
    while (rest.starts_with("--")) {
      const auto flag = rest.substr(0, rest.find_first_of(" \t"));
      if (bare(flag) != flag) {
        return refuse_dockerfile(
            fmt::format("a flag of {} has quotes or escapes: {}", name, printable(flag)),
            "write it without them");
      }
      flags += fmt::format("{} ", flag);
      rest = trimmed(rest.substr(flag.size()));
    }
    return flags;
  }

  Result<void> add_base(std::string_view what, const std::string& base) {
    if (base == "scratch" || std::ranges::find(stages_, upper(base)) != stages_.end()) return {};
    if (!is_plain_name(base) || is_transport(base)) {
      return refuse_dockerfile(
          fmt::format("{} {}: that is no image's name", what, printable(base)),
          "variables are $NAME, ${NAME} or ${NAME:-other}, of an ARG before the first FROM or of "
          "the build's arguments");
    }
    if (std::ranges::find(file_.bases, base) == file_.bases.end()) file_.bases.push_back(base);
    return {};
  }

  Result<void> take_copy(const Instruction& instruction) {
    std::string_view rest = instruction.rest;
    const std::string flags = TRY(take_flags(instruction.name, rest));
    for (const std::string& flag : words_of(flags)) {
      constexpr std::string_view kFrom = "--from=";
      if (!upper(flag).starts_with(upper(kFrom))) continue;
      const std::string from = flag.substr(kFrom.size());
      const bool number = !from.empty() && std::ranges::all_of(from, [](unsigned char c) {
        return std::isdigit(c) != 0;
      });
      // Of another stage, or of an image; not of the context.
      return number ? Result<void>() : add_base(instruction.name + " --from", from);
    }
    std::vector<std::string> words;
    boost::json::error_code failure;
    const auto list =
        boost::json::parse(boost::json::string_view(rest.data(), rest.size()), failure);
    if (rest.starts_with('[') && !failure && list.is_array()) {
      for (const auto& one : list.get_array()) {
        if (one.is_string()) words.emplace_back(one.get_string().data(), one.get_string().size());
      }
    } else {
      words = words_of(rest);
    }
    if (!words.empty()) words.pop_back();  // where to
    for (std::string& source : words) {
      if (instruction.name == "ADD" && (is_remote(source) || may_be_remote(source))) {
        file_.remote.push_back(source);
        if (is_remote(source)) continue;
      }
      if (source.contains('$')) file_.copies_all = true;
      file_.sources.push_back(std::move(source));
    }
    return {};
  }

  const BuildArguments& arguments_;
  std::string_view label_;
  Dockerfile file_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> stages_;  // in capitals: engines do not tell them apart
  bool begun_ = false;
};

}  // namespace

Result<Dockerfile> read_dockerfile(std::string_view text, const BuildArguments& arguments,
                                   std::string_view label) {
  if (text.size() > kMostText) return refuse_dockerfile("it is beyond 1 MiB");
  return Reader(arguments, label).read(text);
}

}  // namespace cordon::devenv
