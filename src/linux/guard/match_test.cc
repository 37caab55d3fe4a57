#include "linux/guard/match.h"

#include <gtest/gtest.h>

#include <string>

#include "linux/guard/testing.h"

namespace cordon::guard {
namespace {

bool matches(const std::string& pattern, const std::string& name,
             Folding folding = Folding::Ascii) {
  const testing::TableOf table({{Kind::Deny, 0, "", {{Shape::Pattern, pattern}}}});
  return fits(*table, (*table).component(0), Text(name.data(), name.size()), folding);
}

TEST(GuardMatch, Wildcards) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", ".env"));
  EXPECT_TRUE(matches("*.pem", "a.PEM"));
  EXPECT_TRUE(matches("*.pem*", ".pem.pem.x"));
  EXPECT_FALSE(matches("*.pem", "pem"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_TRUE(matches("a?c", "a\u00e9c"));
  EXPECT_TRUE(matches("a?c",
                      "a\xff"
                      "c"))
      << "a byte that is no character counts as one";
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_TRUE(matches("*a*b*c*", "xxaxxbxxcxx"));
  EXPECT_FALSE(matches("*a*b*c*", "xxaxxcxxbxx"));
}

TEST(GuardMatch, Sets) {
  EXPECT_TRUE(matches("[a-c]x", "Bx"));
  EXPECT_FALSE(matches("[a-c]x", "dx"));
  EXPECT_TRUE(matches("[!a-c]x", "dx"));
  EXPECT_TRUE(matches("[!a-c]x", "ax")) << "A is not in a-c, and may be the same letter";
  EXPECT_FALSE(matches("[!a-cA-C]x", "ax"));
  EXPECT_TRUE(matches("[!a]x", "\u00e9x"));
  EXPECT_FALSE(matches("[a]x", "\u00e9x"));
  EXPECT_TRUE(matches("[]]", "]"));
  EXPECT_TRUE(matches("[\\]a]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
}

TEST(GuardMatch, Escapes) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "a"));
  EXPECT_TRUE(matches("a\\[b", "a[b"));
}

TEST(GuardMatch, BeyondAsciiWhereCaseFolds) {
  EXPECT_TRUE(matches("*.pem", "x.p\u00adem", Folding::Unicode));
  EXPECT_TRUE(matches("[a-c]\\*s", "a*\u017f", Folding::Unicode));
  EXPECT_FALSE(matches("[a-c]\\*s", "a+\u017f", Folding::Unicode));
  EXPECT_FALSE(matches("*.pem", "\u65e5\u672c.txt", Folding::Unicode));
  EXPECT_TRUE(matches("stra\u00dfe", "STRASSE", Folding::Unicode));
  EXPECT_TRUE(matches("\u00e9*.txt", "\u00c9t\u00e9.TXT", Folding::Unicode));
  EXPECT_FALSE(matches("\u00e9*.txt", "a.pdf", Folding::Unicode));
}

}  // namespace
}  // namespace cordon::guard
