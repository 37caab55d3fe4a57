#include "linux/guard/judge.h"

namespace cordon::guard {

namespace {

Text anchor_text(const Table& table, const Anchor& anchor) {
  return table.text(anchor.text, anchor.size);
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t depth_of(Text path) {
  std::size_t depth = 0;
  while (!next_name(path).empty()) ++depth;
  return depth;
}

}  // namespace

bool beneath(const Table& table, const Anchor& anchor, Text path, Text& rest) {
  const Text top = anchor_text(table, anchor);
  if (path.size < top.size) return false;
  for (std::size_t i = 0; i < top.size; ++i) {
    if (folded(path[i]) != folded(top[i])) return false;
  }
  rest = path.from(top.size);
  return rest.empty() || rest[0] == '/';
}

Walk::Walk(const Table& table, const Rule& rule, Folding folding)
    : table_(table), rule_(rule), folding_(folding) {
  close();
}

// `**` may stand for nothing: what follows it may come next as well.
void Walk::close() {
  for (std::size_t at = 0; at < rule_.components; ++at) {
    if (!(places_ & Places{1} << at)) continue;
    if (table_.component(rule_.first_component + at).shape == Shape::AnyDepth) {
      places_ |= Places{1} << (at + 1);
    }
  }
  covered_ = places_ & Places{1} << rule_.components;
}

Pivot Walk::step(Text name) {
  Places next = 0;
  Pivot pivot = Pivot::None;
  for (std::size_t at = 0; at < rule_.components; ++at) {
    if (!(places_ & Places{1} << at)) continue;
    const Component& component = table_.component(rule_.first_component + at);
    if (component.shape == Shape::AnyDepth) {
      next |= Places{1} << at;
    } else if (fits(table_, component, name, folding_)) {
      next |= Places{1} << (at + 1);
      if (at + 1 == rule_.components) continue;
      const Pivot here = component.shape == Shape::Literal ? Pivot::Name : Pivot::Link;
      if (here > pivot) pivot = here;
    }
  }
  places_ = next;
  close();
  return pivot;
}

namespace {

// The deepest of some rules that cover a path; among equals the later one.
class Deepest {
 public:
  void offer(const Rule& rule, std::size_t depth) {
    if (rule_ && depth < depth_) return;
    rule_ = &rule;
    depth_ = depth;
  }
  Kind kind() const { return rule_ ? rule_->kind : Kind::Allow; }
  std::uint8_t flags() const { return rule_ ? rule_->flags : 0; }

 private:
  const Rule* rule_ = nullptr;
  std::size_t depth_ = 0;
};

}  // namespace

// Two questions, each with its own deepest rule: whether the path is there for the guest at all,
// and whether it may be changed. A rule that protects says nothing about the first: it would
// otherwise show what an earlier one denies.
Verdict judge(const Table& table, Text path, Folding folding) {
  Deepest taken;
  Deepest kept;
  Pivot pivot = Pivot::None;
  for (std::size_t a = 0; a < table.anchors; ++a) {
    const Anchor& anchor = table.anchor(a);
    Text inside;
    if (!beneath(table, anchor, path, inside)) continue;
    const std::size_t top = depth_of(anchor_text(table, anchor));
    Text after_first = inside;
    const std::uint32_t first_name = name_hash(next_name(after_first));
    for (std::size_t r = anchor.first_rule; r < anchor.first_rule + anchor.rules; ++r) {
      const Rule& rule = table.rule(r);
      // Most of a long list of rules is about other names.
      const bool elsewhere = rule.first_name != 0 && rule.first_name != first_name;
      if (elsewhere && folding == Folding::Ascii) continue;
      Walk walk(table, rule, folding);
      Text rest = inside;
      std::size_t depth = top;
      std::size_t covered = depth;
      bool covers = walk.covered();
      Pivot last = Pivot::None;
      while (!walk.dead()) {
        const Text name = next_name(rest);
        if (name.empty()) break;
        ++depth;
        last = walk.step(name);
        if (walk.covered()) {
          covers = true;
          covered = depth;
        }
        if (walk.dead() && !next_name(rest).empty()) last = Pivot::None;
      }
      if (rule.kind == Kind::Protect && last > pivot) pivot = last;
      if (!covers) continue;
      if (rule.kind != Kind::Protect) taken.offer(rule, covered);
      if (rule.kind == Kind::Protect || rule.kind == Kind::Allow) kept.offer(rule, covered);
    }
  }
  const Deepest& said = taken.kind() == Kind::Allow ? kept : taken;
  // Within an exception nothing is a way to anything, unless a rule within the exception says so;
  // then its own component is deeper, and so is the pivot.
  return {said.kind(), said.flags(), pivot};
}

Places places_of(const Table& table, const Anchor& anchor, const Rule& rule, Text path,
                 Folding folding) {
  Text rest;
  if (!beneath(table, anchor, path, rest)) return 0;
  Walk walk(table, rule, folding);
  while (!walk.dead()) {
    const Text name = next_name(rest);
    if (name.empty()) break;
    walk.step(name);
  }
  return walk.places();
}

}  // namespace cordon::guard
