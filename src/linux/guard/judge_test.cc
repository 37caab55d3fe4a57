#include "linux/guard/judge.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "linux/guard/testing.h"

namespace cordon::guard {
namespace {

using testing::rule;
using testing::TableOf;
using Rules = std::vector<linux_os::GuardRule>;

Verdict say(const Rules& rules, const std::string& path, Folding folding = Folding::Ascii) {
  const TableOf table(rules);
  return judge(*table, Text(path.data(), path.size()), folding);
}

Kind kind(const Rules& rules, const std::string& path, Folding folding = Folding::Ascii) {
  return say(rules, path, folding).kind;
}

TEST(GuardJudge, ARuleCoversItsNameAndWhatIsInIt) {
  const Rules rules = {rule(Kind::Protect, "/w", ".git/hooks")};
  EXPECT_EQ(kind(rules, "/w/.git/hooks"), Kind::Protect);
  EXPECT_EQ(kind(rules, "/w/.git/hooks/pre-commit"), Kind::Protect);
  EXPECT_EQ(kind(rules, "/w/.git"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w/.git/hooks2"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w/sub/.git/hooks"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w2/.git/hooks"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/"), Kind::Allow);
}

TEST(GuardJudge, LettersOfEitherCase) {
  const Rules rules = {rule(Kind::Protect, "/Here", ".git/hooks"),
                       rule(Kind::Deny, "/Here", "**/*.KEY")};
  EXPECT_EQ(kind(rules, "/Here/.GIT/Hooks/x"), Kind::Protect);
  EXPECT_EQ(kind(rules, "/here/.git/hooks"), Kind::Protect);
  EXPECT_EQ(kind(rules, "/here/a/b.key"), Kind::Deny);
}

TEST(GuardJudge, TheDeepestRuleWinsAndThenTheLater) {
  const Rules rules = {
      rule(Kind::Protect, "/w", ".git/hooks"), rule(Kind::Allow, "/w", ".git/hooks/*.sample"),
      rule(Kind::Deny, "/w", "**/.env"),       rule(Kind::Allow, "/w", "test/.env"),
      rule(Kind::Hide, "/w", "a/b"),           rule(Kind::Deny, "/w", "a/b")};
  EXPECT_EQ(kind(rules, "/w/.git/hooks/x.sample"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w/.git/hooks/x"), Kind::Protect);
  EXPECT_EQ(kind(rules, "/w/.env"), Kind::Deny);
  EXPECT_EQ(kind(rules, "/w/test/.env"), Kind::Allow);
  EXPECT_EQ(kind(rules, "/w/test/.env/.env"), Kind::Deny);
  EXPECT_EQ(kind(rules, "/w/a/b/c"), Kind::Deny);
}

TEST(GuardJudge, ProtectingGivesNothingBack) {
  for (const Kind taken : {Kind::Deny, Kind::Hide}) {
    const Rules rules = {rule(taken, "/w", "**/.env"), rule(taken, "/w", "secret"),
                         rule(Kind::Protect, "/w", "**/.env"),
                         rule(Kind::Protect, "/w", "secret/deep/name"),
                         rule(Kind::Protect, "/w", "[.]env*")};
    EXPECT_EQ(kind(rules, "/w/.env"), taken);
    EXPECT_EQ(kind(rules, "/w/a/.env"), taken);
    EXPECT_EQ(kind(rules, "/w/secret/deep/name"), taken);
    EXPECT_EQ(kind(rules, "/w/.envrc"), Kind::Protect);
  }
  const Rules shown = {rule(Kind::Deny, "/w", "**/.env"), rule(Kind::Protect, "/w", "**/.env"),
                       rule(Kind::Allow, "/w", "test/.env")};
  EXPECT_EQ(kind(shown, "/w/test/.env"), Kind::Allow);
}

TEST(GuardJudge, TheWayToAProtectedNameIsAPivot) {
  const Rules rules = {rule(Kind::Protect, "/w", ".git/hooks"), rule(Kind::Protect, "/w", "*/run"),
                       rule(Kind::Protect, "/w", "**/etc/passwd"),
                       rule(Kind::Deny, "/w", "secrets/key")};
  EXPECT_EQ(say(rules, "/w/.git").pivot, Pivot::Name);
  EXPECT_EQ(say(rules, "/w/other").pivot, Pivot::Link);
  EXPECT_EQ(say(rules, "/w/a/b/etc").pivot, Pivot::Name);
  EXPECT_EQ(say(rules, "/w/a/b").pivot, Pivot::None);
  EXPECT_EQ(say(rules, "/w/secrets/x").pivot, Pivot::None) << "reading follows where a link leads";
  EXPECT_EQ(say(rules, "/w/.git/x").pivot, Pivot::None);
}

TEST(GuardJudge, WhatCaseFoldingIgnoresIsIgnoredWhereItFolds) {
  const Rules rules = {rule(Kind::Protect, "/w", ".gitconfig"), rule(Kind::Deny, "/w", "**/*.pem")};
  for (const char* name : {"/w/.git\u200cconfig", "/w/.gitcon\ufb01g", "/w/.GIT\ufe0fCONFIG",
                           "/w/.gitconfig\u00ad", "/w/\u200d.gitconfig"}) {
    EXPECT_EQ(kind(rules, name, Folding::Unicode), Kind::Protect) << name;
    EXPECT_EQ(kind(rules, name, Folding::Ascii), Kind::Allow) << name;
  }
  EXPECT_EQ(kind(rules, "/w/a.p\u00adem", Folding::Unicode), Kind::Deny);
  EXPECT_EQ(kind(rules, "/w/\u65e5\u672c.txt", Folding::Unicode), Kind::Allow);
}

std::vector<std::size_t> different(const Rules& rules, const std::string& from,
                                   const std::string& to) {
  const TableOf table(rules);
  std::vector<std::size_t> counts;
  differences(*table, Text(from.data(), from.size()), Text(to.data(), to.size()), Folding::Ascii,
              [&](const Difference& difference) {
                counts.push_back(difference.count);
                return true;
              });
  return counts;
}

TEST(GuardJudge, AMoveMattersWhereRulesTellThePlacesApart) {
  const Rules rules = {rule(Kind::Protect, "/w", ".git/hooks"), rule(Kind::Deny, "/w", "**/.env"),
                       rule(Kind::Deny, "/w", "build/*.key")};
  EXPECT_TRUE(different(rules, "/w/a", "/w/b/c").empty());
  EXPECT_EQ(different(rules, "/w/a", "/w/.git"), std::vector<std::size_t>{1});
  EXPECT_EQ(different(rules, "/w/.git", "/w/a"), std::vector<std::size_t>{1});
  EXPECT_EQ(different(rules, "/w/a", "/w/build"), std::vector<std::size_t>{1});
  EXPECT_EQ(different(rules, "/w/a", "/elsewhere"), (std::vector<std::size_t>{2, 1}))
      << "out of the reach of **/.env";
}

TEST(GuardJudge, ADamagedTableIsNotUsed) {
  auto bytes = *linux_os::make_guard_table(Rules{rule(Kind::Protect, "/w", "a/b")});
  const auto* table = reinterpret_cast<const Table*>(bytes.data());
  EXPECT_TRUE(valid(*table, bytes.size()));
  EXPECT_FALSE(valid(*table, bytes.size() - 1));
  EXPECT_FALSE(valid(*table, 3));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = std::byte{0xff};
    const auto* other = reinterpret_cast<const Table*>(damaged.data());
    if (valid(*other, damaged.size())) judge(*other, Text("/w/a/b"), Folding::Ascii);
  }
}

// The oracle: a pattern as a recursive definition says it, over every split of the path.
bool matches(const std::vector<linux_os::GuardComponent>& pattern, std::size_t p,
             const std::vector<std::string>& path, std::size_t at) {
  if (p == pattern.size()) return at == path.size();
  if (pattern[p].shape == Shape::AnyDepth) {
    return matches(pattern, p + 1, path, at) ||
           (at < path.size() && matches(pattern, p, path, at + 1));
  }
  if (at == path.size()) return false;
  const std::string& text = pattern[p].text;
  const bool fits = text == "*" || text == path[at];
  return fits && matches(pattern, p + 1, path, at + 1);
}

std::string join(const std::vector<std::string>& names) {
  std::string path = "/w";
  for (const auto& name : names) path += "/" + name;
  return path;
}

RC_GTEST_PROP(GuardJudge, AgreesWithAnOracle, ()) {
  const auto name = rc::gen::element<std::string>("a", "b", "c");
  const auto piece = rc::gen::element<std::string>("a", "b", "c", "*", "**");
  Rules rules;
  for (int i = 0, count = *rc::gen::inRange(1, 5); i < count; ++i) {
    const auto pieces =
        *rc::gen::resize(5, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(piece)));
    std::string text;
    for (const auto& each : pieces) text += "/" + each;
    rules.push_back(
        rule(*rc::gen::element(Kind::Allow, Kind::Protect, Kind::Deny, Kind::Hide), "/w", text));
  }
  const auto path =
      *rc::gen::resize(6, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(name)));
  // The last word, deepest last, of all rules but those of one kind.
  const auto last_word = [&](const std::vector<Kind>& unheard) {
    Kind said = Kind::Allow;
    for (std::size_t depth = 0; depth <= path.size(); ++depth) {
      const std::vector<std::string> prefix(path.begin(), path.begin() + static_cast<long>(depth));
      for (const auto& each : rules) {
        const bool heard = std::ranges::find(unheard, each.kind) == unheard.end();
        if (heard && matches(each.components, 0, prefix, 0)) said = each.kind;
      }
    }
    return said;
  };
  const Kind taken = last_word({Kind::Protect});
  const Kind expected = taken == Kind::Allow ? last_word({Kind::Deny, Kind::Hide}) : taken;
  RC_ASSERT(kind(rules, join(path)) == expected);
}

// If no difference is found between two directories, no name in them is judged differently by any
// rule.
RC_GTEST_PROP(GuardJudge, NoDifferenceIsMissed, ()) {
  const auto name = rc::gen::element<std::string>("a", "b", "c");
  const auto piece = rc::gen::element<std::string>("a", "b", "*", "**");
  const auto names = [&](int size) {
    return *rc::gen::resize(size, rc::gen::container<std::vector<std::string>>(name));
  };
  std::string text;
  for (const auto& each : *rc::gen::resize(
           4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(piece)))) {
    text += "/" + each;
  }
  const Rules rules = {rule(Kind::Protect, "/w", text)};
  const std::string from = join(names(3)) + "/x";
  const std::string to = join(names(3)) + "/" + *name;
  if (!different(rules, from, to).empty()) return;
  // What is covered as a whole is refused before anybody asks for differences.
  if (kind(rules, from) == Kind::Protect || kind(rules, to) == Kind::Protect) return;
  std::string inside;
  for (const auto& each : names(4)) inside += "/" + each;
  RC_ASSERT(kind(rules, from + inside) == kind(rules, to + inside));
}

}  // namespace
}  // namespace cordon::guard
