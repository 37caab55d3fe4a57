// Every key of a policy, once: the readers of TOML and JSON, the printed schema and the reference
// in docs/policy.md all come from this table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordon {

enum class Key {
  Description,
  Preset,
  Packs,
  Include,
  Read,
  Write,
  Protect,
  Deny,
  Hide,
  Network,
  Memory,
  Cpus,
  Pids,
  Timeout,
  Output,
  Disk,
  MaxMemory,
  MaxCpus,
  MaxPids,
  MaxTimeout,
  MaxOutput,
  MaxDisk,
  EnvPass,
  EnvSet,
  EnvDrop,
  EnvPath,
  Require,
  Hostname,
  Uid,
  NestedNamespaces,
};

enum class KeyType {
  Text,
  Name,       // one of the embedded presets
  Choice,     // one of `choices`
  Names,      // a list of texts
  Paths,      // a list of path rules
  Size,       // bytes
  Duration,   // nanoseconds
  Cores,      // a decimal number
  Count,      // a whole number
  Variables,  // a table of texts
};

struct KeySpec {
  Key key;
  std::string_view name;  // "limits.memory"
  KeyType type;
  std::string_view unit;     // what a value is, in words
  std::string_view meaning;  // what it does
  std::string_view project;  // what a project's file may do with it
  std::string_view example;  // the value, as TOML
  std::array<std::string_view, 3> choices = {};
  double least = 0;
  double most = 0;
};

std::span<const KeySpec> key_table();
const KeySpec& spec_of(Key key);
const KeySpec* find_key(std::string_view name);
// "filesystem" of "filesystem.read"; "" of a key at the top.
std::string_view section_of(const KeySpec& spec);
// The names of a section's keys without the section, or of all keys and sections at the top.
std::vector<std::string_view> names_in(std::string_view section);

}  // namespace cordon
