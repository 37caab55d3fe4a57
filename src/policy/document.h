// One layer of a policy as it was written: a flat list of statements, each with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "policy/key_table.h"

namespace cordon {

struct Position {
  unsigned line = 0;    // 1 is the first; 0: there are no lines
  unsigned column = 0;  // 0: only the line is known
  std::string
      label;  // "--read", "/limits/memory": what stands for a place where there are no lines
};

// What stands depends on the key's type: `text` is a name, a path, a choice, a variable's name;
// `number` is bytes, nanoseconds or a count.
struct PolicyEntry {
  Key key = Key::Description;
  std::string text = {};
  std::string value = {};  // env.set: the variable's
  std::uint64_t number = 0;
  double cores = 0;
  Presence presence = Presence::Required;
  std::string reason = {};
  Position position = {};
};

struct PolicyDocument {
  std::string source;  // a file as it was named, "pack git", "" for the command line
  std::vector<PolicyEntry> entries;
};

// "policy.toml:12:9", "pack git:7", "--read".
std::string origin_of(const PolicyDocument& document, const PolicyEntry& entry);
// "policy.toml:12:9:", for the front of a message.
std::string place_of(std::string_view source, const Position& position);

// An entry that a layer cannot have, with its place.
std::unexpected<Error> refuse_entry(const PolicyDocument& document, const PolicyEntry& entry,
                                    std::string detail);

}  // namespace cordon
