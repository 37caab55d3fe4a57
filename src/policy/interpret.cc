#include "policy/interpret.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/nearest.h"
#include "core/units.h"
#include "policy/path_text.h"
#include "policy/required_guarantees.h"

namespace cordon {

namespace {

constexpr std::size_t kMostProblems = 100;

bool is_variable_name(std::string_view name) {
  return !name.empty() && !name.contains('=') && !name.contains('\0');
}

class Interpreter {
 public:
  explicit Interpreter(std::string_view source) { read_.document.source = source; }

  ReadPolicy interpret(const Node& root) {
    if (root.kind != Node::Kind::Table) {
      problem(root.position, "", "a policy is a table of keys");
    } else {
      read_table(root, "");
      check_maxima();
    }
    return std::move(read_);
  }

 private:
  void problem(const Position& position, std::string_view subject, std::string detail) {
    if (read_.problems.size() >= kMostProblems) return;
    std::string place = place_of(read_.document.source, position);
    if (subject.empty() && place.ends_with(':')) place.pop_back();
    read_.problems.push_back(
        invalid_argument(std::move(place), std::string(subject.substr(0, 200)), std::move(detail)));
  }

  void read_table(const Node& table, const std::string& section) {
    for (const auto& [key, position, value] : table.members) {
      const std::string name = section.empty() ? key : fmt::format("{}.{}", section, key);
      if (const KeySpec* spec = find_key(name)) {
        read_value(*spec, value);
      } else if (section.empty() && !key.empty() && !names_in(key).empty()) {
        if (value.kind == Node::Kind::Table) {
          read_table(value, key);
        } else {
          problem(value.position, name,
                  fmt::format("a table, with {}", fmt::join(names_in(key), ", ")));
        }
      } else {
        unknown(position, name, key, section);
      }
    }
  }

  void unknown(const Position& position, const std::string& name, const std::string& key,
               const std::string& section) {
    const auto known = names_in(section);
    std::string detail = "no such key; ";
    // A key that stands in the wrong table is the likelier slip than one misspelt.
    const auto elsewhere = std::ranges::find_if(key_table(), [&](const KeySpec& spec) {
      return spec.name.substr(spec.name.rfind('.') + 1) == key;
    });
    if (elsewhere != key_table().end()) {
      detail += fmt::format("did you mean {}?", elsewhere->name);
    } else if (const auto near = nearest(key, known)) {
      detail += fmt::format("did you mean {}?", *near);
    } else {
      detail += fmt::format("there is {}", fmt::join(known, ", "));
    }
    problem(position, name, std::move(detail));
  }

  void wrong_type(const KeySpec& spec, const Node& value) {
    problem(value.position, spec.name,
            fmt::format("write {}, such as {}", spec.unit, spec.example));
  }

  PolicyEntry& add(const KeySpec& spec, const Position& position) {
    auto& entries = read_.document.entries;
    entries.push_back({.key = spec.key, .position = position});
    return entries.back();
  }

  void read_value(const KeySpec& spec, const Node& value) {
    switch (spec.type) {
      case KeyType::Text:
      case KeyType::Name:
        return read_text(spec, value);
      case KeyType::Choice:
        return read_choice(spec, value);
      case KeyType::Names:
        return read_names(spec, value);
      case KeyType::Paths:
        return read_paths(spec, value);
      case KeyType::Size:
      case KeyType::Duration:
      case KeyType::Count:
        return read_number(spec, value);
      case KeyType::Cores:
        return read_cores(spec, value);
      case KeyType::Variables:
        return read_variables(spec, value);
    }
  }

  void read_text(const KeySpec& spec, const Node& value) {
    if (value.kind != Node::Kind::Text) return wrong_type(spec, value);
    if (spec.key == Key::Hostname && !is_hostname(value.text)) return wrong_type(spec, value);
    add(spec, value.position).text = value.text;
  }

  static bool is_hostname(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '-';
    });
  }

  void read_choice(const KeySpec& spec, const Node& value) {
    if (value.kind != Node::Kind::Text) return wrong_type(spec, value);
    if (value.text.empty() || std::ranges::find(spec.choices, value.text) == spec.choices.end()) {
      return problem(value.position, spec.name,
                     fmt::format("\"{}\" is none of its values; there is {}",
                                 value.text.substr(0, 64), spec.unit));
    }
    add(spec, value.position).text = value.text;
  }

  void read_names(const KeySpec& spec, const Node& value) {
    if (value.kind != Node::Kind::List) return wrong_type(spec, value);
    for (const Node& item : value.items) {
      if (item.kind != Node::Kind::Text || item.text.empty()) {
        wrong_type(spec, item);
        continue;
      }
      const bool variable = spec.key == Key::EnvPass || spec.key == Key::EnvDrop;
      if (variable && !is_variable_name(item.text)) {
        problem(item.position, spec.name, "a variable's name cannot contain '=' or NUL");
        continue;
      }
      if (spec.key == Key::EnvPath && !is_directory(item.text)) {
        problem(item.position, spec.name, "write a plain path, without ':' and wildcards");
        continue;
      }
      if (spec.key == Key::Require) {
        if (const auto known = check_guarantee_name(item.text); !known) {
          problem(item.position, spec.name,
                  fmt::format("{}: {}", known.error().subject, known.error().detail));
          continue;
        }
      }
      add(spec, item.position).text = item.text;
    }
  }

  // Variables have values with colons in them, and are looked at again.
  static bool is_directory(std::string_view text) {
    return text.find_first_of("*?[") == std::string_view::npos &&
           (text.contains('$') || !text.contains(':')) && check_path_text(text, Anchor::Any);
  }

  void read_paths(const KeySpec& spec, const Node& value) {
    if (value.kind != Node::Kind::List) return wrong_type(spec, value);
    for (const Node& item : value.items) {
      PolicyEntry entry{.key = spec.key, .position = item.position};
      if (item.kind == Node::Kind::Text) {
        entry.text = item.text;
      } else if (item.kind != Node::Kind::Table || !read_path_table(spec, item, entry)) {
        if (item.kind != Node::Kind::Table) wrong_type(spec, item);
        continue;
      }
      check_path(spec, std::move(entry));
    }
  }

  bool read_path_table(const KeySpec& spec, const Node& table, PolicyEntry& entry) {
    bool good = true;
    for (const auto& [key, position, value] : table.members) {
      if (key == "path" && value.kind == Node::Kind::Text) {
        entry.text = value.text;
        entry.position = value.position;
      } else if (key == "optional" && value.kind == Node::Kind::Flag) {
        entry.presence = value.flag ? Presence::Optional : Presence::Required;
      } else if (key == "reason" && value.kind == Node::Kind::Text) {
        entry.reason = value.text;
      } else {
        problem(position, fmt::format("{}.{}", spec.name, key),
                "a rule has path = \"...\", and may have optional = true and reason = \"...\"");
        good = false;
      }
    }
    if (good && entry.text.empty()) {
      problem(table.position, spec.name, "the rule has no path");
      good = false;
    }
    return good;
  }

  void check_path(const KeySpec& spec, PolicyEntry entry) {
    if (const auto good = check_path_text(entry.text, Anchor::Any); !good) {
      return problem(entry.position, spec.name,
                     fmt::format("\"{}\": {}", entry.text.substr(0, 200), good.error().detail));
    }
    const auto [known, added] = paths_.try_emplace(entry.text, read_.document.entries.size());
    if (!added) {
      const PolicyEntry& other = read_.document.entries[known->second];
      if (other.key != entry.key) {
        return problem(entry.position, spec.name,
                       fmt::format("\"{}\" contradicts {} of {}; keep one of them", entry.text,
                                   spec_of(other.key).name, origin_of(read_.document, other)));
      }
    }
    read_.document.entries.push_back(std::move(entry));
  }

  void read_number(const KeySpec& spec, const Node& value) {
    std::optional<std::uint64_t> number;
    if (spec.type == KeyType::Duration) {
      number = duration(value);
    } else if (value.kind == Node::Kind::Whole && value.whole >= 0) {
      number = static_cast<std::uint64_t>(value.whole);
    } else if (value.kind == Node::Kind::Text && spec.type == KeyType::Size) {
      if (const auto size = parse_size(value.text)) number = *size;
    }
    if (!number) return wrong_type(spec, value);
    const auto as_double = static_cast<double>(*number);
    if (spec.most > 0 && (as_double < spec.least || as_double > spec.most)) {
      return problem(value.position, spec.name, range(spec));
    }
    add(spec, value.position).number = *number;
  }

  static std::string range(const KeySpec& spec) {
    if (spec.type == KeyType::Size) {
      return fmt::format("the least is {}", format_size(static_cast<std::uint64_t>(spec.least)));
    }
    return fmt::format("write a number from {} to {}", spec.least, spec.most);
  }

  static std::optional<std::uint64_t> duration(const Node& value) {
    std::string text = value.text;
    if (value.kind == Node::Kind::Whole) text = fmt::format("{}", value.whole);
    if (value.kind == Node::Kind::Decimal) text = fmt::format("{:.9f}", value.decimal);
    const auto parsed = parse_duration(text);
    if (!parsed) return std::nullopt;
    return static_cast<std::uint64_t>(parsed->count());
  }

  void read_cores(const KeySpec& spec, const Node& value) {
    double cores = value.decimal;
    if (value.kind == Node::Kind::Whole) cores = static_cast<double>(value.whole);
    if (value.kind != Node::Kind::Whole && value.kind != Node::Kind::Decimal) {
      return wrong_type(spec, value);
    }
    if (!(cores >= spec.least && cores <= spec.most)) {
      return problem(value.position, spec.name, range(spec));
    }
    add(spec, value.position).cores = cores;
  }

  void read_variables(const KeySpec& spec, const Node& value) {
    if (value.kind != Node::Kind::Table) return wrong_type(spec, value);
    for (const auto& [name, position, text] : value.members) {
      if (!is_variable_name(name) || text.kind != Node::Kind::Text || text.text.contains('\0')) {
        problem(text.position, fmt::format("{}.{}", spec.name, name.substr(0, 64)),
                "write a text, such as CI = \"1\"; neither name nor value contains NUL, and the "
                "name no '='");
        continue;
      }
      PolicyEntry& entry = add(spec, position);
      entry.text = name;
      entry.value = text.text;
    }
  }

  // A limit above the maximum of the same document.
  void check_maxima() {
    constexpr std::pair<Key, Key> kPairs[] = {
        {Key::Memory, Key::MaxMemory},   {Key::Cpus, Key::MaxCpus},     {Key::Pids, Key::MaxPids},
        {Key::Timeout, Key::MaxTimeout}, {Key::Output, Key::MaxOutput}, {Key::Disk, Key::MaxDisk}};
    const auto& entries = read_.document.entries;
    for (const auto& [key, max_key] : kPairs) {
      const auto value = std::ranges::find(entries, key, &PolicyEntry::key);
      const auto most = std::ranges::find(entries, max_key, &PolicyEntry::key);
      if (value == entries.end() || most == entries.end()) continue;
      if (value->number > most->number || value->cores > most->cores) {
        problem(value->position, spec_of(key).name,
                fmt::format("it is above {} in the same file", spec_of(max_key).name));
      }
    }
  }

  ReadPolicy read_;
  std::map<std::string, std::size_t, std::less<>> paths_;  // text -> entry
};

}  // namespace

ReadPolicy interpret(const Node& root, std::string_view source) {
  return Interpreter(source).interpret(root);
}

ReadPolicy unreadable(std::string_view source, const Position& position, std::string detail) {
  ReadPolicy read;
  read.document.source = source;
  std::string place = place_of(source, position);
  if (place.ends_with(':')) place.pop_back();
  read.problems.push_back(invalid_argument(std::move(place), "", std::move(detail)));
  return read;
}

}  // namespace cordon
