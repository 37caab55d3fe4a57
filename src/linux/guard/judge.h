// What the rules say about a path. Nothing here looks at the disk.
#pragma once

#include "linux/guard/match.h"

namespace cordon::guard {

// A name that leads to protected ones: `.git`, where `.git/hooks` is protected. What is put there
// brings its own content along, past every rule about what lies beneath.
enum class Pivot : std::uint8_t {
  None,
  // By a wildcard ("*/settings"): no symbolic link may be made here.
  Link,
  // By name: nothing but a directory may be made here. A symbolic link would lead to another
  // place, and so would a file: git takes `.git` for a pointer to a directory.
  Name,
};

struct Verdict {
  Kind kind = Kind::Allow;
  std::uint8_t flags = 0;
  Pivot pivot = Pivot::None;

  bool operator==(const Verdict&) const = default;
};

// `path` is absolute and canonical: as the kernel spells it. The deepest rule that covers it wins,
// among equals the later one; but Protect never gives back what Deny or Hide takes away.
Verdict judge(const Table& table, Text path, Folding folding);

// The names that a rule is about beneath one of two directories, but not beneath the other: what
// a directory must not contain when it moves from the one to the other.
struct Difference {
  const Rule* rule;
  // Of the rule: the components that such a name has beneath the directory.
  std::size_t first;
  std::size_t count;
  bool arrives;  // the rule is about the name where the directory comes to be
};

// Calls `found(difference)` for each, until it returns false. Rules that only allow do not count:
// whatever else is said about a name, another rule says.
template <class Found>
bool differences(const Table& table, Text from, Text to, Folding folding, Found found);

// The places of a rule that may come next after a path: bit n is its component n, the bit after the
// last one that the path itself is meant.
using Places = std::uint64_t;

class Walk {
 public:
  Walk(const Table& table, const Rule& rule, Folding folding);

  // One name further down; whether a component other than `**` was used up without ending the rule.
  Pivot step(Text name);
  bool covered() const { return covered_; }  // the path so far, exactly, is what the rule names
  bool dead() const { return places_ == 0; }
  Places places() const { return places_; }

 private:
  void close();

  const Table& table_;
  const Rule& rule_;
  Folding folding_;
  Places places_ = 1;
  bool covered_ = false;
};

// The part of a path beneath an anchor. False: it lies elsewhere. A path above or beside it has no
// places in the anchor's rules.
bool beneath(const Table& table, const Anchor& anchor, Text path, Text& rest);

Places places_of(const Table& table, const Anchor& anchor, const Rule& rule, Text path,
                 Folding folding);

template <class Found>
bool differences(const Table& table, Text from, Text to, Folding folding, Found found) {
  for (std::size_t a = 0; a < table.anchors; ++a) {
    const Anchor& anchor = table.anchor(a);
    for (std::size_t r = anchor.first_rule; r < anchor.first_rule + anchor.rules; ++r) {
      const Rule& rule = table.rule(r);
      if (rule.kind == Kind::Allow) continue;
      const Places after = places_of(table, anchor, rule, to, folding);
      const Places changed = places_of(table, anchor, rule, from, folding) ^ after;
      for (std::size_t at = 0; at < rule.components; ++at) {
        if (!(changed & Places{1} << at)) continue;
        const bool arrives = after & Places{1} << at;
        if (!found(Difference{&rule, at, rule.components - at, arrives})) return false;
      }
    }
  }
  return true;
}

}  // namespace cordon::guard
