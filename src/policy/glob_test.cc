#include "policy/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace cordon {
namespace {

using testing::HasSubstr;

Glob glob(std::string_view text) {
  auto parsed = Glob::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message());
  return parsed ? *std::move(parsed) : Glob();
}

std::string refusal(std::string_view text) {
  const auto parsed = Glob::parse(text);
  return parsed ? "(accepted)" : parsed.error().message();
}

bool matches(std::string_view pattern, std::string_view path) {
  return glob(pattern).matches(path);
}

TEST(Glob, WithoutWildcardsIsThePath) {
  EXPECT_TRUE(matches("/a/b", "/a/b"));
  EXPECT_FALSE(matches("/a/b", "/a"));
  EXPECT_FALSE(matches("/a/b", "/a/b/c"));
  EXPECT_FALSE(matches("/a/b", "a/b"));
  EXPECT_TRUE(matches("a/./b//c/../d", "a/b/d"));
  EXPECT_TRUE(glob("/a/../../b").literal());
  EXPECT_EQ(glob("/a/../../b").literal_prefix(), "/b");
  EXPECT_TRUE(matches("/", "/"));
}

TEST(Glob, AStarStaysInsideAName) {
  EXPECT_TRUE(matches("/a/*.txt", "/a/b.txt"));
  EXPECT_TRUE(matches("/a/*", "/a/.hidden"));
  EXPECT_FALSE(matches("/a/*", "/a/b/c"));
  EXPECT_FALSE(matches("/a/*", "/a"));
  EXPECT_TRUE(matches("a*b*c", "axxbxxbc"));
  EXPECT_FALSE(matches("a*b*c", "axxbxxb"));
}

TEST(Glob, TwoStarsAreAnyNumberOfDirectories) {
  EXPECT_TRUE(matches("/w/**/.env", "/w/.env"));
  EXPECT_TRUE(matches("/w/**/.env", "/w/a/b/.env"));
  EXPECT_FALSE(matches("/w/**/.env", "/w/a/b/.env/c"));
  EXPECT_FALSE(matches("/w/**/.env", "/w/a/x.env"));
  EXPECT_TRUE(matches("**/a/**/b", "x/a/y/a/z/b"));
  EXPECT_TRUE(matches("/w/**", "/w/a/b"));
  EXPECT_FALSE(matches("/w/**", "/w"));
  EXPECT_TRUE(matches("/w/**/**/x", "/w/x"));
}

TEST(Glob, AQuestionMarkIsOneCharacterOfAnyLength) {
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_TRUE(matches("a?c", "a\u00e9c"));
  EXPECT_TRUE(matches("?", "\xff"));
  EXPECT_FALSE(matches("??", "\u20ac"));
  EXPECT_FALSE(matches("*??", "\u20ac"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_FALSE(matches("a?c", "a/c"));
}

TEST(Glob, ASetIsOneOfItsCharacters) {
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_FALSE(matches("[a-c]x", "dx"));
  EXPECT_TRUE(matches("[!a-c]x", "dx"));
  EXPECT_TRUE(matches("[^a-c]x", "\u00e9x"));
  EXPECT_TRUE(matches("[]a]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("[\\]]", "]"));
  EXPECT_FALSE(matches("[!a]", "a"));
}

TEST(Glob, ABackslashTakesTheMeaningAway) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "a"));
  EXPECT_TRUE(matches("app/\\[id\\]", "app/[id]"));
  EXPECT_TRUE(glob("app/\\[id]").literal());
  EXPECT_TRUE(matches("{a}", "{a}"));
}

TEST(Glob, FoldsCaseWhenAsked) {
  EXPECT_TRUE(glob("/w/**/.env").matches("/W/x/.ENV", Case::Fold));
  EXPECT_FALSE(glob("/w/**/.env").matches("/W/x/.ENV"));
  EXPECT_TRUE(glob("/[a-c]*").matches("/Bx", Case::Fold));
}

TEST(Glob, CoversWhatLiesBeneathAMatch) {
  EXPECT_TRUE(glob("/w/*.d").covers("/w/x.d"));
  EXPECT_TRUE(glob("/w/*.d").covers("/w/x.d/a/b"));
  EXPECT_FALSE(glob("/w/*.d").covers("/w"));
  EXPECT_TRUE(glob("/w/**/.git").covers("/w/.git/hooks"));
}

TEST(Glob, KnowsWhetherItCouldMatchBeneath) {
  EXPECT_TRUE(glob("/w/a/*.txt").may_match_beneath("/w"));
  EXPECT_TRUE(glob("/w/a/*.txt").may_match_beneath("/w/a"));
  EXPECT_FALSE(glob("/w/a/*.txt").may_match_beneath("/w/b"));
  EXPECT_FALSE(glob("/w/a/*.txt").may_match_beneath("/w/a/x.txt"));
  EXPECT_TRUE(glob("/w/**/x").may_match_beneath("/w/b/c"));
  EXPECT_FALSE(glob("/w/**/x").may_match_beneath("/v"));
}

TEST(Glob, TellsWhereItBeginsToVary) {
  EXPECT_EQ(glob("/srv/app/**/.env").literal_prefix(), "/srv/app");
  EXPECT_EQ(glob("/*").literal_prefix(), "/");
  EXPECT_EQ(glob("**/x").literal_prefix(), "");
  EXPECT_EQ(glob("a/b*").literal_prefix(), "a");
}

TEST(Glob, KnowsWhenItNamesNothing) {
  for (const char* text : {"/", "*", "**", "/**", "/*", "**/*", "/srv/*", "?*", "*/*"}) {
    EXPECT_TRUE(glob(text).names_nothing()) << text;
  }
  for (const char* text : {"/a", "a", "**/a", "/dev/nvidia*", "*/a", "??*", "[a]*"}) {
    EXPECT_FALSE(glob(text).names_nothing()) << text;
  }
}

TEST(Glob, RefusesWhatWouldMeanSomethingElse) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("a/[b"), HasSubstr("no ]"));
  EXPECT_THAT(refusal("[a/b]"), HasSubstr("no ]"));
  EXPECT_THAT(refusal("[[:alpha:]]"), HasSubstr("[a-z]"));
  EXPECT_THAT(refusal("[z-a]"), HasSubstr("empty"));
  EXPECT_THAT(refusal("[\u00e9]"), HasSubstr("ASCII"));
  EXPECT_THAT(refusal("*.{key,pem}"), HasSubstr("one rule for each"));
  EXPECT_THAT(refusal("a**b"), HasSubstr("between slashes"));
  EXPECT_THAT(refusal("*/../b"), HasSubstr("after a wildcard"));
  EXPECT_THAT(refusal("../b"), HasSubstr("leads out"));
  EXPECT_THAT(refusal("a\\"), HasSubstr("backslash"));
  EXPECT_THAT(refusal(std::string("a\0b", 3)), HasSubstr("NUL"));
  const std::string long_text(100'000, 'a');
  EXPECT_THAT(refusal(long_text), HasSubstr("4095"));
  EXPECT_LT(refusal(long_text).size(), 400U);
}

TEST(Glob, TakesNoLongerForAnEvilPattern) {
  std::string pattern = "/";
  for (int i = 0; i < 100; ++i) pattern += "a*";
  pattern += "b";
  const Glob evil = glob(pattern);
  EXPECT_FALSE(evil.matches("/" + std::string(4000, 'a')));
  std::string deep;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "/**/a";
  for (int i = 0; i < 1000; ++i) deep += "/a";
  // Either takes longer than the universe has when every way is tried.
  EXPECT_FALSE(glob(many + "/b").matches(deep));
}

// The oracle tries every way, and knows nothing of how the pattern was compiled.
bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return name_matches(pattern.substr(1), name) ||
           (!name.empty() && name_matches(pattern, name.substr(1)));
  }
  if (name.empty()) return false;
  if (pattern.starts_with("[ab]")) {
    return (name[0] == 'a' || name[0] == 'b') && name_matches(pattern.substr(4), name.substr(1));
  }
  const bool fits = pattern[0] == '?' || pattern[0] == name[0];
  return fits && name_matches(pattern.substr(1), name.substr(1));
}

using Names = std::vector<std::string>;

bool path_matches(std::span<const std::string> pattern, std::span<const std::string> path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == "**") {
    // At the end it is what lies inside.
    if (pattern.size() == 1) return !path.empty();
    return path_matches(pattern.subspan(1), path) ||
           (!path.empty() && path_matches(pattern, path.subspan(1)));
  }
  return !path.empty() && name_matches(pattern[0], path[0]) &&
         path_matches(pattern.subspan(1), path.subspan(1));
}

std::string joined(const Names& names) {
  std::string path;
  for (const std::string& name : names) path += "/" + name;
  return path.empty() ? "/" : path;
}

rc::Gen<std::string> pattern_name() {
  const auto piece = rc::gen::element<std::string>("a", "b", "*", "?", "[ab]", ".");
  return rc::gen::map(rc::gen::resize(6, rc::gen::nonEmpty(rc::gen::container<Names>(piece))),
                      [](const Names& pieces) {
                        std::string text;
                        for (const std::string& part : pieces) {
                          if (!(part == "*" && text.ends_with('*'))) text += part;
                        }
                        return text == "." || text == ".." ? std::string("a") : text;
                      });
}

rc::Gen<Names> pattern_names() {
  return rc::gen::resize(
      6, rc::gen::nonEmpty(rc::gen::container<Names>(rc::gen::weightedOneOf<std::string>(
             {{3, pattern_name()}, {1, rc::gen::just(std::string("**"))}}))));
}

rc::Gen<Names> path_names() {
  const auto name =
      rc::gen::suchThat(rc::gen::resize(5, rc::gen::nonEmpty(rc::gen::container<std::string>(
                                               rc::gen::element('a', 'b', 'c', '.')))),
                        [](const std::string& text) { return text != "." && text != ".."; });
  return rc::gen::resize(7, rc::gen::container<Names>(name));
}

// Two `**` beside each other mean the same as one.
Names without_doubles(const Names& names) {
  Names single;
  for (const std::string& name : names) {
    if (!(name == "**" && !single.empty() && single.back() == "**")) single.push_back(name);
  }
  return single;
}

RC_GTEST_PROP(GlobProperty, MatchesLikeTheOracle, ()) {
  const Names pattern = without_doubles(*pattern_names());
  const Names path = *path_names();
  const Glob compiled = glob(joined(pattern));
  RC_ASSERT(compiled.matches(joined(path)) == path_matches(pattern, path));
}

RC_GTEST_PROP(GlobProperty, CoversWhatLiesBeneathAndLooksAhead, ()) {
  const Names pattern = without_doubles(*pattern_names());
  const Names path = *path_names();
  const Glob compiled = glob(joined(pattern));
  bool above = false;
  for (std::size_t n = 0; n <= path.size(); ++n) {
    above = above || path_matches(pattern, std::span(path).first(n));
  }
  RC_ASSERT(compiled.covers(joined(path)) == above);
  // What matches says so to every directory on its way.
  if (path_matches(pattern, path)) {
    for (std::size_t n = 0; n < path.size(); ++n) {
      RC_ASSERT(compiled.may_match_beneath(joined({path.begin(), path.begin() + long(n)})));
    }
  }
}

RC_GTEST_PROP(GlobProperty, AnEscapedPathMatchesItselfOnly, ()) {
  const auto name =
      rc::gen::resize(12, rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element(
                              'a', '*', '?', '[', ']', '\\', '{', '}', ',', '!'))));
  const auto names = *rc::gen::resize(8, rc::gen::container<Names>(name));
  const std::string path = joined(names);
  const Glob compiled = glob(Glob::escape(path));
  RC_ASSERT(compiled.literal());
  RC_ASSERT(compiled.literal_prefix() == path);
  RC_ASSERT(compiled.matches(path));
}

}  // namespace
}  // namespace cordon
