#include "core/utf8.h"

#include <algorithm>

namespace cordon {

namespace {

// What stands at the front of some bytes: a whole character, the beginning of one that the bytes
// end before, or something that is no character at all.
struct Sequence {
  enum class Kind { Whole, Cut, Invalid };
  Kind kind;
  std::size_t length;  // of the character, or of the maximal invalid part
};

// Table 3-7 of the Unicode standard: only the second byte has ranges narrower than 80..BF.
Sequence front(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {Sequence::Kind::Whole, 1};
  if (lead < 0xc2 || lead > 0xf4) return {Sequence::Kind::Invalid, 1};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {Sequence::Kind::Cut, i};
    if (at(i) < low || at(i) > high) return {Sequence::Kind::Invalid, i};
    low = 0x80;
    high = 0xbf;
  }
  return {Sequence::Kind::Whole, length};
}

}  // namespace

std::string replace_invalid_utf8(std::string_view bytes) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto ascii = static_cast<std::size_t>(
        std::ranges::find_if(bytes, [](char c) { return static_cast<signed char>(c) < 0; }) -
        bytes.begin());
    out += bytes.substr(0, ascii);
    bytes.remove_prefix(ascii);
    if (bytes.empty()) break;
    const Sequence sequence = front(bytes);
    if (sequence.kind == Sequence::Kind::Whole) {
      out += bytes.substr(0, sequence.length);
    } else {
      out += kReplacement;
    }
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

std::size_t whole_characters(std::string_view bytes) {
  // A cut character has at most three of its bytes.
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const std::size_t start = bytes.size() - back;
    const Sequence sequence = front(bytes.substr(start));
    if (sequence.kind == Sequence::Kind::Cut) return start;
    if (sequence.kind == Sequence::Kind::Whole) break;
  }
  return bytes.size();
}

std::size_t first_character(std::string_view bytes) {
  const Sequence sequence = front(bytes);
  return sequence.kind == Sequence::Kind::Whole ? sequence.length : 1;
}

}  // namespace cordon
