#include "cli/explain_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "core/printable.h"
#include "core/utf8.h"
#include "policy/glob.h"
#include "policy/toml_text.h"

namespace cordon::cli {

namespace {

namespace json = boost::json;

std::string_view option_of(Access access) { return access == Access::Write ? "write" : "read"; }

std::string in_options(const Remedy& remedy) {
  switch (remedy.kind) {
    case RemedyKind::None:
      return "";
    case RemedyKind::Rule:
      return fmt::format("--{} {}", option_of(remedy.access),
                         shell_word(Glob::escape(remedy.path)));
    case RemedyKind::OpenNetwork:
      return "--net open";
    case RemedyKind::TakeBack:
      return "";
  }
  return "";
}

std::string in_toml(const Remedy& remedy) {
  switch (remedy.kind) {
    case RemedyKind::None:
    case RemedyKind::TakeBack:
      return "";
    case RemedyKind::Rule:
      return fmt::format("filesystem.{} = [{}]", option_of(remedy.access),
                         toml_string(as_written(Glob::escape(remedy.path))));
    case RemedyKind::OpenNetwork:
      return "network.mode = \"open\"";
  }
  return "";
}

std::string words_of(const Remedy& remedy, RemedyForm form, std::string_view origin) {
  if (remedy.kind == RemedyKind::TakeBack) return fmt::format("leave out the rule of {}", origin);
  return form == RemedyForm::Toml ? in_toml(remedy) : in_options(remedy);
}

std::string who(const Observed& what) {
  if (what.program.empty()) return "cordon, to start the command";
  return fmt::format("{} (pid {})", printable(what.program), what.pid);
}

bool alike(const Refusal& a, const Refusal& b) {
  return a.what.target == b.what.target && a.rule == b.rule && a.remedy.kind == b.remedy.kind &&
         a.remedy.access == b.remedy.access && a.remedy.path == b.remedy.path;
}

template <class Text>
void add_once(std::vector<std::string>& list, Text&& text) {
  if (std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

// What was tried with one target, and met one rule.
void append(std::string& out, std::span<const Refusal> same, RemedyForm form) {
  const Refusal& first = same.front();
  std::vector<std::string> attempts;
  std::vector<std::string> errors;
  std::vector<std::string> programs;
  std::uint64_t count = 0;
  for (const Refusal& refusal : same) {
    add_once(attempts, to_string(refusal.what.attempt));
    add_once(errors, refusal.what.error == 0 ? "shown empty" : ::strerror(refusal.what.error));
    add_once(programs, who(refusal.what));
    count += refusal.what.count;
  }
  constexpr std::size_t kMostPrograms = 3;
  const std::size_t more = programs.size() > kMostPrograms ? programs.size() - kMostPrograms : 0;
  programs.resize(programs.size() - more);
  out += fmt::format("\n  {} {}\n", fmt::join(attempts, ", "), printable(first.what.target));
  out += fmt::format("    answer   {}{}\n", fmt::join(errors, "; "),
                     count > 1 ? fmt::format(", {} times", count) : "");
  out += fmt::format("    by       {}{}\n", fmt::join(programs, ", "),
                     more ? fmt::format(" and {} more", more) : "");
  out += fmt::format("    because  {}", printable(first.rule));
  if (!first.origin.empty()) out += fmt::format(" ({})", printable(first.origin));
  if (!first.reason.empty()) out += fmt::format(": {}", printable(first.reason));
  const std::string remedy = words_of(first.remedy, form, first.origin);
  out += fmt::format("\n    allow    {}\n", remedy.empty() ? "no rule can" : printable(remedy));
  if (!first.remedy.warning.empty()) {
    out += fmt::format("    but      {}\n", printable(first.remedy.warning));
  }
}

std::string together(const Observation& observation, RemedyForm form) {
  std::set<std::string> read;
  std::set<std::string> write;
  for (const Refusal& refusal : observation.refused) {
    const Remedy& remedy = refusal.remedy;
    if (remedy.kind != RemedyKind::Rule || !remedy.warning.empty()) continue;
    (remedy.access == Access::Write ? write : read).insert(Glob::escape(remedy.path));
  }
  for (const std::string& path : write) read.erase(path);
  if (read.size() + write.size() < 2) return "";
  if (form == RemedyForm::Options) {
    std::string line;
    for (const std::string& path : read) line += fmt::format(" --read {}", shell_word(path));
    for (const std::string& path : write) line += fmt::format(" --write {}", shell_word(path));
    return fmt::format("\nTogether:{}\n", printable(line));
  }
  std::string text = "\nTogether:\n[filesystem]\n";
  const auto list = [&](std::string_view key, const std::set<std::string>& paths) {
    if (paths.empty()) return;
    text += fmt::format("{} = [\n", key);
    for (const std::string& path : paths)
      text += fmt::format("  {},\n", toml_string(as_written(path)));
    text += "]\n";
  };
  list("read", read);
  list("write", write);
  return text;
}

json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

std::string_view word(RemedyKind kind) {
  switch (kind) {
    case RemedyKind::None:
      return "none";
    case RemedyKind::Rule:
      return "rule";
    case RemedyKind::OpenNetwork:
      return "network";
    case RemedyKind::TakeBack:
      return "take-back";
  }
  return "none";
}

json::object object_of(const Refusal& refusal) {
  const Observed& what = refusal.what;
  const char* name = what.error == 0 ? "" : ::strerrorname_np(what.error);
  json::object allow{{"kind", word(refusal.remedy.kind)}};
  if (const auto option = in_options(refusal.remedy); !option.empty()) {
    allow["option"] = text(option);
    allow["toml"] = text(in_toml(refusal.remedy));
  }
  if (refusal.remedy.kind == RemedyKind::Rule) {
    allow["access"] = option_of(refusal.remedy.access);
    allow["path"] = text(refusal.remedy.path);
  }
  if (!refusal.remedy.warning.empty()) allow["warning"] = text(refusal.remedy.warning);
  json::object object{{"attempt", to_string(what.attempt)}, {"target", text(what.target)},
                      {"error", name ? name : ""},          {"count", what.count},
                      {"program", text(what.program)},      {"pid", what.pid},
                      {"rule", text(refusal.rule)},         {"origin", text(refusal.origin)},
                      {"reason", text(refusal.reason)},     {"allow", std::move(allow)}};
  if (!what.spelled.empty() && what.spelled != what.target) object["spelled"] = text(what.spelled);
  return object;
}

}  // namespace

std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+,:@%=").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  const bool prints = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  std::string word = prints ? "'" : "$'";
  for (const char c : text) {
    if (prints) {
      word += c == '\'' ? "'\\''" : std::string(1, c);
    } else if (c == '\'' || c == '\\') {
      word += std::string("\\") + c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      word += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string explain_in_words(const Observation& observation, RemedyForm form) {
  const std::vector<Refusal>& all = observation.refused;
  std::string body;
  std::size_t things = 0;
  for (std::size_t i = 0; i < all.size(); ++things) {
    std::size_t next = i + 1;
    while (next < all.size() && alike(all[i], all[next])) ++next;
    append(body, std::span(all).subspan(i, next - i), form);
    i = next;
  }
  std::string out = things == 0 ? "cordon explain: nothing was refused\n"
                                : fmt::format("cordon explain: the policy refused {} {}\n", things,
                                              things == 1 ? "thing" : "things");
  out += body + together(observation, form);
  if (observation.dropped > 0) {
    out += fmt::format("\n{} more attempts were not kept: this list is not complete.\n",
                       observation.dropped);
  }
  return out;
}

std::string explain_in_json(const Observation& observation) {
  json::array refused;
  for (const Refusal& refusal : observation.refused) refused.push_back(object_of(refusal));
  return json::serialize(json::object{{"refused", std::move(refused)},
                                      {"processes", observation.processes},
                                      {"dropped", observation.dropped}}) +
         "\n";
}

}  // namespace cordon::cli
