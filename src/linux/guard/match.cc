#include "linux/guard/match.h"

namespace cordon::guard {

namespace {

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool beyond_ascii(char c) { return static_cast<signed char>(c) < 0; }

// Bytes of the first character: one where it is not UTF-8.
std::size_t character(Text text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t size = 1;
  std::uint32_t least = 0;
  std::uint32_t code = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2, code = lead & 0x1f, least = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3, code = lead & 0xf, least = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4, code = lead & 7, least = 0x10000;
  } else {
    return 1;
  }
  if (size > text.size) return 1;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 1;
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < least || surrogate || code > 0x10ffff ? 1 : size;
}

bool same(Text pattern, Text name) {
  if (pattern.size != name.size) return false;
  for (std::size_t i = 0; i < name.size; ++i) {
    if (folded(pattern[i]) != folded(name[i])) return false;
  }
  return true;
}

// One thing that stands at the front of a pattern.
struct Token {
  enum class What { Run, One, Byte, Set } what = What::Byte;
  std::size_t size = 0;  // of its text
  char byte = 0;
};

Token next_token(Text pattern, bool literal) {
  const char c = pattern[0];
  if (literal) return {Token::What::Byte, 1, c};
  if (c == '*') return {Token::What::Run, 1, c};
  if (c == '?') return {Token::What::One, 1, c};
  if (c == '\\' && pattern.size > 1) return {Token::What::Byte, 2, pattern[1]};
  if (c != '[') return {Token::What::Byte, 1, c};
  std::size_t at = 1;
  if (at < pattern.size && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  for (bool first = true; at < pattern.size; first = false) {
    if (pattern[at] == ']' && !first) return {Token::What::Set, at + 1, c};
    at += pattern[at] == '\\' ? 2 : 1;
  }
  return {Token::What::Byte, 1, c};  // never: whoever wrote the table has read the pattern
}

bool listed(Text set, char c) {
  std::size_t at = 0;
  const auto member = [&] {
    if (set[at] == '\\' && at + 1 < set.size) ++at;
    return set[at++];
  };
  while (at < set.size) {
    const char low = member();
    char high = low;
    if (at + 1 < set.size && set[at] == '-') {
      ++at;
      high = member();
    }
    if (c >= low && c <= high) return true;
  }
  return false;
}

// `token` is a whole "[...]".
bool in_set(Text token, char c) {
  const bool negated = token[1] == '!' || token[1] == '^';
  const Text set{token.data + (negated ? 2 : 1), token.size - (negated ? 3 : 2)};
  if (beyond_ascii(c)) return negated;
  const char small = folded(c);
  const char capital = small >= 'a' && small <= 'z' ? static_cast<char>(small - 'a' + 'A') : small;
  // A negated set holds whatever has a case outside of the list.
  return negated ? !listed(set, small) || !listed(set, capital)
                 : listed(set, small) || listed(set, capital);
}

// How many bytes of the name the token takes; 0 when it does not fit.
std::size_t take(Text pattern, const Token& token, Text name) {
  switch (token.what) {
    case Token::What::Run:
      return 0;
    case Token::What::One:
      return character(name);
    case Token::What::Byte:
      return folded(token.byte) == folded(name[0]) ? 1 : 0;
    case Token::What::Set:
      if (!in_set(pattern.first(token.size), name[0])) return 0;
      return beyond_ascii(name[0]) ? character(name) : 1;
  }
  return 0;
}

// Between two stars each piece may take the first place where it fits: going back further than to
// the last star never helps.
bool pattern_fits(Text pattern, Text name) {
  Text after_star;
  Text star_name;
  bool star = false;
  while (true) {
    if (pattern.empty() && name.empty()) return true;
    if (!pattern.empty()) {
      const Token token = next_token(pattern, false);
      if (token.what == Token::What::Run) {
        pattern = after_star = pattern.from(1);
        star_name = name;
        star = true;
        continue;
      }
      if (!name.empty()) {
        if (const std::size_t taken = take(pattern, token, name); taken > 0) {
          name = name.from(taken);
          pattern = pattern.from(token.size);
          continue;
        }
      }
    }
    if (!star || star_name.empty()) return false;
    star_name = star_name.from(character(star_name));
    name = star_name;
    pattern = after_star;
  }
}

// Characters beyond ASCII whose decomposed, case-folded form is ASCII, and those that the form
// leaves out (Default_Ignorable_Code_Point). Both are stable properties of Unicode.
struct Stand {
  std::uint32_t first;
  std::uint32_t last;
  const char* text;
};
constexpr Stand kStands[] = {
    {0x00ad, 0x00ad, ""},   {0x00df, 0x00df, "ss"},  {0x017f, 0x017f, "s"},
    {0x034f, 0x034f, ""},   {0x037e, 0x037e, ";"},   {0x061c, 0x061c, ""},
    {0x115f, 0x1160, ""},   {0x17b4, 0x17b5, ""},    {0x180b, 0x180f, ""},
    {0x1e9e, 0x1e9e, "ss"}, {0x1fef, 0x1fef, "`"},   {0x200b, 0x200f, ""},
    {0x202a, 0x202e, ""},   {0x2060, 0x206f, ""},    {0x212a, 0x212a, "k"},
    {0x3164, 0x3164, ""},   {0xfb00, 0xfb00, "ff"},  {0xfb01, 0xfb01, "fi"},
    {0xfb02, 0xfb02, "fl"}, {0xfb03, 0xfb03, "ffi"}, {0xfb04, 0xfb04, "ffl"},
    {0xfb05, 0xfb06, "st"}, {0xfe00, 0xfe0f, ""},    {0xfeff, 0xfeff, ""},
    {0xffa0, 0xffa0, ""},   {0xfff0, 0xfff8, ""},    {0x1bca0, 0x1bca3, ""},
    {0x1d173, 0x1d17a, ""}, {0xe0000, 0xe0fff, ""},
};

std::uint32_t code_point(Text character) {
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]));
  if (character.size > 1) code &= 0x7fU >> character.size;
  for (std::size_t i = 1; i < character.size; ++i) {
    code = code << 6 | (static_cast<unsigned char>(character[i]) & 0x3f);
  }
  return code;
}

// A name of a file is no longer than 255 bytes, and no character grows.
using Name = Buffer<512>;

void fold_unicode(Text name, Name& folded_name) {
  while (!name.empty()) {
    const Text one = name.first(character(name));
    name = name.from(one.size);
    const Stand* stand = nullptr;
    if (one.size > 1) {
      const std::uint32_t code = code_point(one);
      for (const Stand& each : kStands) {
        if (code >= each.first && code <= each.last) stand = &each;
      }
    }
    folded_name.add(stand ? Text(stand->text) : one);
  }
}

// A rule's own characters beyond ASCII have more spellings than a table of this size holds: there
// each of them stands for any text.
void open_up(Text pattern, bool literal, Name& opened) {
  for (std::size_t i = 0; i < pattern.size; ++i) {
    if (beyond_ascii(pattern[i])) {
      opened.add("*");
    } else {
      if (literal &&
          (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[' || pattern[i] == '\\')) {
        opened.add("\\");
      }
      opened.add(pattern.from(i).first(1));
    }
  }
}

}  // namespace

bool fits(const Table& table, const Component& component, Text name, Folding folding) {
  const Text pattern = table.text(component.text, component.size);
  const bool literal = component.shape == Shape::Literal;
  if (folding == Folding::Unicode && !(is_ascii(name) && is_ascii(pattern))) {
    Name plain;
    fold_unicode(name, plain);
    if (!is_ascii(pattern)) {
      Name opened;
      open_up(pattern, literal, opened);
      return pattern_fits(opened.text(), plain.text());
    }
    return literal ? same(pattern, plain.text()) : pattern_fits(pattern, plain.text());
  }
  return literal ? same(pattern, name) : pattern_fits(pattern, name);
}

bool valid(const Table& table, std::size_t bytes) {
  if (bytes < sizeof table || table.magic != kTableMagic || table.bytes != bytes) return false;
  const std::uint64_t fixed = sizeof table + std::uint64_t{table.anchors} * sizeof(Anchor) +
                              std::uint64_t{table.rules} * sizeof(Rule) +
                              std::uint64_t{table.components} * sizeof(Component);
  if (fixed > bytes) return false;
  for (std::size_t i = 0; i < table.anchors; ++i) {
    const Anchor& anchor = table.anchor(i);
    if (std::uint64_t{anchor.text} + anchor.size > bytes) return false;
    if (std::uint64_t{anchor.first_rule} + anchor.rules > table.rules) return false;
  }
  for (std::size_t i = 0; i < table.rules; ++i) {
    const Rule& rule = table.rule(i);
    if (rule.components > kMostComponents) return false;
    if (std::uint64_t{rule.first_component} + rule.components > table.components) return false;
  }
  for (std::size_t i = 0; i < table.components; ++i) {
    const Component& component = table.component(i);
    if (std::uint64_t{component.text} + component.size > bytes) return false;
  }
  return true;
}

}  // namespace cordon::guard
