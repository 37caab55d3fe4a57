#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cordon {
namespace {

TEST(ReplaceInvalidUtf8, LeavesValidTextAlone) {
  const std::vector<std::string> texts = {"",
                                          "plain",
                                          std::string("a\0b", 3),
                                          "\x7f",
                                          "\xc2\x80",
                                          "\xdf\xbf",
                                          "\xe0\xa0\x80",
                                          "\xed\x9f\xbf",
                                          "\xee\x80\x80",
                                          "\xef\xbf\xbf",
                                          "\xf0\x90\x80\x80",
                                          "\xf4\x8f\xbf\xbf",
                                          "grüße 世界 🦀"};
  for (const auto& text : texts) EXPECT_EQ(replace_invalid_utf8(text), text);
}

TEST(ReplaceInvalidUtf8, ReplacesEachMaximalPart) {
  const std::string r = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x80", r},
      {"\xff", r},
      {"a\xc3", "a" + r},
      {"\xc3(", r + "("},
      {"\xe4\xb8", r},  // cut after two of three bytes: one part
      {"\xe4\xb8x", r + "x"},
      {"\xf0\x9f\xa6", r},
      {"\xf0\x9f\xa6\xe4\xb8\x96", r + "\xe4\xb8\x96"},
      {"\xc0\xaf", r + r},                  // overlong '/'
      {"\xe0\x80\xaf", r + r + r},          // overlong
      {"\xf0\x80\x80\xaf", r + r + r + r},  // overlong
      {"\xed\xa0\x80", r + r + r},          // a surrogate
      {"\xf4\x90\x80\x80", r + r + r + r},  // above U+10FFFF
      {"\xf8\x88\x80\x80\x80", r + r + r + r + r},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(replace_invalid_utf8(bytes), text);
}

TEST(WholeCharacters, DropsOnlyACutCharacter) {
  const std::string text = "a\xc3\xbc\xe4\xb8\x96\xf0\x9f\xa6\x80";  // 1, 2, 3 and 4 bytes
  const std::vector<std::size_t> expected = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(whole_characters(text.substr(0, i)), expected[i]) << i;
  }
}

TEST(WholeCharacters, KeepsInvalidBytes) {
  for (const std::string bytes : {"\x80\x80\x80", "a\xff", "\xc0\xaf", "\xed\xa0", "\xf4\x90"}) {
    EXPECT_EQ(whole_characters(bytes), bytes.size());
  }
}

}  // namespace
}  // namespace cordon
