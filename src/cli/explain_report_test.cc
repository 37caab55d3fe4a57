#include "cli/explain_report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cerrno>
#include <utility>

namespace cordon::cli {
namespace {

Refusal refusal(std::string target, Attempt attempt, Remedy remedy) {
  Refusal result;
  result.what.attempt = attempt;
  result.what.target = std::move(target);
  result.what.error = ENOENT;
  result.what.count = 2;
  result.what.program = "/usr/bin/cat";
  result.what.pid = 3;
  result.rule = "no rule shows this path";
  result.remedy = std::move(remedy);
  return result;
}

Remedy rule(Access access, std::string path) {
  return {.kind = RemedyKind::Rule, .access = access, .path = std::move(path), .warning = {}};
}

TEST(ExplainReport, SaysWhenThereIsNothingToSay) {
  EXPECT_EQ(explain_in_words({}, RemedyForm::Options), "cordon explain: nothing was refused\n");
}

TEST(ExplainReport, OneTargetAndRuleStandOnce) {
  Observation seen;
  seen.refused.push_back(refusal("/a", Attempt::LookAt, rule(Access::Read, "/a")));
  seen.refused.push_back(refusal("/a", Attempt::Read, rule(Access::Read, "/a")));
  const std::string text = explain_in_words(seen, RemedyForm::Options);
  EXPECT_NE(text.find("refused 1 thing\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  look at, read /a\n"), std::string::npos) << text;
  EXPECT_NE(text.find("4 times"), std::string::npos) << text;
  EXPECT_NE(text.find("allow    --read /a\n"), std::string::npos) << text;
}

TEST(ExplainReport, RulesAreWrittenForTheShellOrForAFile) {
  Observation seen;
  seen.refused.push_back(refusal("/a b*", Attempt::Write, rule(Access::Write, "/a b*")));
  seen.refused.push_back(refusal("/c", Attempt::Read, rule(Access::Read, "/c")));
  const std::string options = explain_in_words(seen, RemedyForm::Options);
  EXPECT_NE(options.find("--write '/a b\\*'"), std::string::npos) << options;
  EXPECT_NE(options.find("Together: --read /c --write '/a b\\*'"), std::string::npos) << options;
  EXPECT_NE(explain_in_words(seen, RemedyForm::Toml).find("filesystem.read = [\"/c\"]"),
            std::string::npos);
}

TEST(ExplainReport, WhatIsUnwiseIsNotAmongTheRulesTogether) {
  Observation seen;
  for (const char* path : {"/a", "/b", "/key"}) {
    seen.refused.push_back(refusal(path, Attempt::Read, rule(Access::Read, path)));
  }
  seen.refused.back().remedy.warning = "private keys";
  const std::string text = explain_in_words(seen, RemedyForm::Options);
  EXPECT_NE(text.find("Together: --read /a --read /b\n"), std::string::npos) << text;
  EXPECT_NE(text.find("but      private keys"), std::string::npos) << text;
}

TEST(ExplainReport, ATerminalObeysNoName) {
  Observation seen;
  seen.refused.push_back(refusal("/\x1b[2J\n", Attempt::Read, rule(Access::Read, "/\x1b[2J\n")));
  const std::string text = explain_in_words(seen, RemedyForm::Options);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[2J\\x0a"), std::string::npos) << text;
}

TEST(ExplainReport, JsonHasEveryRefusal) {
  Observation seen;
  seen.refused.push_back(refusal("/a", Attempt::Read, rule(Access::Read, "/a")));
  seen.refused.push_back(refusal("mount", Attempt::SystemCall, {}));
  const boost::json::value value = boost::json::parse(explain_in_json(seen));
  const auto& refused = value.at("refused").as_array();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].at("error").as_string(), "ENOENT");
  EXPECT_EQ(refused[0].at("allow").at("option").as_string(), "--read /a");
  EXPECT_EQ(refused[1].at("allow").at("kind").as_string(), "none");
}

TEST(ExplainReport, AnIncompleteListSaysSo) {
  Observation seen;
  seen.dropped = 7;
  EXPECT_NE(explain_in_words(seen, RemedyForm::Options).find("7 more attempts"), std::string::npos);
}

TEST(ShellWord, IsReadBackByAShellAsItWas) {
  EXPECT_EQ(shell_word("/plain-path_1.x"), "/plain-path_1.x");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a\nb"), "$'a\\x0ab'");
}

}  // namespace
}  // namespace cordon::cli
