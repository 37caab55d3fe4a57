// Turns the presets and packs into one C++ table, read by the reader that reads a user's policy.
//   embed_documents output.inc policies/presets/*.toml policies/packs/*.toml
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "policy/read_policy.h"
#include "policy/toml_text.h"

namespace {

using cordon::Key;
using cordon::PolicyEntry;

bool is_path(Key key) {
  return key == Key::Read || key == Key::Write || key == Key::Protect || key == Key::Deny ||
         key == Key::Hide;
}

// A TOML string is a C++ string: both escape by backslash, and \u is the same.
std::string literal(const std::string& text) { return cordon::toml_string(text); }

std::string entry_text(const PolicyEntry& entry) {
  return fmt::format("    {{static_cast<Key>({}), {}, {}, {}u, {}, Presence::{}, {}, {}}},\n",
                     static_cast<int>(entry.key), literal(entry.text), literal(entry.value),
                     entry.number, entry.cores,
                     entry.presence == cordon::Presence::Optional ? "Optional" : "Required",
                     literal(entry.reason), entry.position.line);
}

// What must be true of data that we ship, beyond what any policy must be.
std::string mistake(const cordon::PolicyDocument& document) {
  bool described = false;
  for (const PolicyEntry& entry : document.entries) {
    described = described || entry.key == Key::Description;
    const bool leads_on =
        entry.key == Key::Preset || entry.key == Key::Packs || entry.key == Key::Include;
    if (leads_on) return fmt::format("{}: a shipped policy stands alone", entry.position.line);
    if (is_path(entry.key) && entry.reason.empty()) {
      return fmt::format("{}: the rule gives no reason", entry.position.line);
    }
  }
  return described ? "" : "1: there is no description";
}

int embed(int argc, char** argv) {
  std::string tables;
  std::string list;
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const cordon::ReadPolicy read = cordon::read_toml(text, path.string());
    for (const auto& problem : read.problems) {
      std::fprintf(stderr, "%s\n", problem.message().c_str());
    }
    if (!read.problems.empty() || !file) return 1;
    if (const std::string wrong = mistake(read.document); !wrong.empty()) {
      std::fprintf(stderr, "%s:%s\n", path.c_str(), wrong.c_str());
      return 1;
    }
    const bool preset = path.parent_path().filename() == "presets";
    std::string description;
    tables += fmt::format("constexpr EmbeddedEntry k{}{}[] = {{\n", preset ? "Preset" : "Pack", i);
    for (const PolicyEntry& entry : read.document.entries) {
      if (entry.key == Key::Description) description = entry.text;
      tables += entry_text(entry);
    }
    tables += "};\n";
    list +=
        fmt::format("    {{EmbeddedKind::{0}, {1}, {2}, k{0}{3}}},\n", preset ? "Preset" : "Pack",
                    literal(path.stem().string()), literal(description), i);
  }
  std::ofstream out(argv[1], std::ios::binary);
  out << tables << "constexpr EmbeddedPolicy kEmbedded[] = {\n" << list << "};\n";
  return out.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: embed_documents OUTPUT.inc POLICY.toml...\n");
    return 2;
  }
  return embed(argc, argv);
}
