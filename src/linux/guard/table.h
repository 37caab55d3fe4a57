// The rules as the broker gets them: one flat, position-independent piece of memory, written by
// the supervisor (linux/guard_table.h) and mapped read-only from a sealed memory file.
//
//   Table, Anchor[anchors], Rule[rules], Component[components], text
#pragma once

#include <cstddef>
#include <cstdint>

#include "linux/guard/text.h"

namespace cordon::guard {

inline constexpr std::uint32_t kTableMagic = 0x31647267;  // "grd1"
inline constexpr std::size_t kMostComponents = 60;        // of one rule: states are bits of a word

enum class Kind : std::uint8_t {
  Allow,    // an exception to a wider rule
  Protect,  // as readable as what is around it; not made, replaced, changed or moved
  Deny,     // every open answers EACCES
  Hide,     // every open answers ENOENT
};

// What a Protect rule lets pass:
inline constexpr std::uint8_t kDirectoryMayBeMade = 1;  // an empty directory there
inline constexpr std::uint8_t kHarmlessGitConfig = 2;   // a rename to there, see git_config.h

// Of a Hide rule: a mount of the sandbox's own lies there from the start, and shows something
// empty. What the host puts in its place is hidden; the mount is left to itself.
inline constexpr std::uint8_t kMaskedAtStart = 4;

enum class Shape : std::uint8_t {
  Literal,   // this name, whatever the case of its ASCII letters
  Pattern,   // `*`, `?`, `[...]`, `\`
  AnyDepth,  // any number of directories, none included
};

struct Component {
  Shape shape;
  std::uint8_t unused;
  std::uint16_t size;
  std::uint32_t text;  // offset of its bytes in the table
};

// Names that differ in nothing but the case of ASCII letters have the same, and none has 0.
constexpr std::uint32_t name_hash(Text name) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (std::size_t i = 0; i < name.size; ++i) {
    const char c = name[i];
    const auto small = static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    hash = (hash ^ small) * 16777619;
  }
  return hash | 1;
}

// Beneath its anchor: the name itself and everything in it.
struct Rule {
  Kind kind;
  std::uint8_t flags;
  std::uint16_t components;
  std::uint32_t first_component;
  std::uint32_t first_name;  // name_hash() of a literal first component; else 0: any name
};

// A directory that no guest can rename: the root of a mount. Its rules start there, so that a path
// somewhere else is not looked at twice.
struct Anchor {
  std::uint32_t text;  // without a slash at its end: "" is the root
  std::uint32_t size;
  std::uint32_t first_rule;
  std::uint32_t rules;
};

struct Table {
  std::uint32_t magic;
  std::uint32_t bytes;  // of the whole
  std::uint32_t anchors;
  std::uint32_t rules;
  std::uint32_t components;
  std::uint32_t unused;

  const Anchor& anchor(std::size_t index) const {
    return reinterpret_cast<const Anchor*>(this + 1)[index];
  }
  const Rule& rule(std::size_t index) const {
    return reinterpret_cast<const Rule*>(&anchor(anchors))[index];
  }
  const Component& component(std::size_t index) const {
    return reinterpret_cast<const Component*>(&rule(rules))[index];
  }
  Text text(std::uint32_t at, std::size_t size) const {
    return {reinterpret_cast<const char*>(this) + at, size};
  }
};

// Whether every offset lies within the table.
bool valid(const Table& table, std::size_t bytes);

}  // namespace cordon::guard
