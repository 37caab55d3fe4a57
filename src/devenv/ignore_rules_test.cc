#include "devenv/ignore_rules.h"

#include <gtest/gtest.h>

namespace cordon::devenv {
namespace {

TEST(Component, Patterns) {
  EXPECT_TRUE(matches_component("*.o", "a.o"));
  EXPECT_FALSE(matches_component("*.o", "a.oo"));
  EXPECT_TRUE(matches_component("a?c", "abc"));
  EXPECT_TRUE(matches_component("[a-c]x", "bx"));
  EXPECT_FALSE(matches_component("[^a-c]x", "bx"));
  EXPECT_TRUE(matches_component("\\*", "*"));
  EXPECT_FALSE(matches_component("\\*", "a"));
  EXPECT_TRUE(matches_component("[", "["));
  EXPECT_TRUE(matches_component("", ""));
  EXPECT_FALSE(matches_component("", "a"));
  // All ways of trying would be more than there is time for.
  std::string stars;
  for (int i = 0; i < 50; ++i) stars += "*a";
  EXPECT_FALSE(matches_component(stars + "b", std::string(5000, 'a')));
}

TEST(IgnoreRules, AreThoseOfDocker) {
  const IgnoreRules rules(
      "# comment\n\n*.log\n/build/\n**/cache\ndocs/*\n!docs/README.md\nnode_modules\n ./x/../y \n");
  EXPECT_TRUE(rules.ignores("a.log"));
  EXPECT_FALSE(rules.ignores("sub/a.log"));
  EXPECT_TRUE(rules.ignores("build"));
  EXPECT_TRUE(rules.ignores("build/deep/file"));
  EXPECT_FALSE(rules.ignores("sub/build"));
  EXPECT_TRUE(rules.ignores("cache"));
  EXPECT_TRUE(rules.ignores("a/b/cache/c"));
  EXPECT_TRUE(rules.ignores("docs/a"));
  EXPECT_FALSE(rules.ignores("docs/README.md"));
  EXPECT_FALSE(rules.ignores("docs"));
  EXPECT_TRUE(rules.ignores("y"));
  EXPECT_FALSE(rules.ignores("# comment"));
  EXPECT_TRUE(rules.has_exceptions());
  EXPECT_FALSE(IgnoreRules().ignores("a"));
  EXPECT_FALSE(IgnoreRules("..\n/\n.\n").ignores("a"));
}

TEST(IgnoreRules, TheLastOneCounts) {
  const IgnoreRules all("*\n!src\nsrc/gen\n!src/gen/keep");
  EXPECT_TRUE(all.ignores("a"));
  EXPECT_FALSE(all.ignores("src/a"));
  EXPECT_TRUE(all.ignores("src/gen/a"));
  EXPECT_FALSE(all.ignores("src/gen/keep"));
}

TEST(IgnoreRules, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "**/a/";
  std::string path;
  for (int i = 0; i < 500; ++i) path += "a/";
  EXPECT_FALSE(IgnoreRules(pattern + "b").ignores(path + "c"));
}

}  // namespace
}  // namespace cordon::devenv
