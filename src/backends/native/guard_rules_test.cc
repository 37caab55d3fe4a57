// The guard's table against the patterns it was made from.
#include "native/guard_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "linux/guard/judge.h"
#include "policy/glob.h"

namespace cordon::native {
namespace {

namespace fs = std::filesystem;
using guard::Kind;

class GuardRules : public testing::Test {
 protected:
  GuardRules() {
    char name[] = "/var/tmp/cordon-guard-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    fs::create_directories(root_ / "work/sub");
    fs::create_directories(root_ / "work/.vscode");
    fs::create_directories(root_ / "home");
  }
  ~GuardRules() override { fs::remove_all(root_); }

  void rule(Access access, const std::string& path, Layer layer = Layer::CommandLine) {
    policy_.filesystem.push_back(
        {.access = access, .path = path, .origin = "--test", .layer = layer});
  }

  Guard compile() {
    const Caller caller{getuid(), getgid(), {root_ / "home"}, {root_ / "home/.config/cordon"}};
    rules_ = resolve_rules(policy_, root_ / "work", caller);
    EXPECT_TRUE(rules_) << rules_.error().message();
    auto guard = compile_guard(*rules_);
    EXPECT_TRUE(guard);
    return *std::move(guard);
  }

  guard::Verdict verdict(const std::string& path) {
    const Guard guard = compile();
    const auto* table = reinterpret_cast<const guard::Table*>(guard.table.data());
    EXPECT_TRUE(guard::valid(*table, guard.table.size()));
    const std::string whole =
        (path.starts_with("/") ? fs::path(path) : root_ / "work" / path).string();
    return guard::judge(*table, guard::Text(whole.data(), whole.size()), guard::Folding::Ascii);
  }
  Kind kind(const std::string& path) { return verdict(path).kind; }

  fs::path root_;
  Policy policy_;
  Result<RuleSet> rules_;
};

TEST_F(GuardRules, TheDefaultsWhetherTheyAreThereOrNot) {
  EXPECT_EQ(kind(".envrc"), Kind::Protect);
  EXPECT_EQ(kind(".vscode/tasks.json"), Kind::Protect);
  EXPECT_EQ(kind(".git/hooks/pre-commit"), Kind::Protect);
  EXPECT_EQ(kind(".git/hooks/pre-commit.sample"), Kind::Allow);
  EXPECT_EQ(verdict(".git/hooks").flags, guard::kDirectoryMayBeMade);
  EXPECT_EQ(verdict(".git/config").flags, guard::kHarmlessGitConfig);
  EXPECT_EQ(verdict(".git").pivot, guard::Pivot::Name);
  EXPECT_EQ(kind("src/.envrc"), Kind::Allow);
  EXPECT_EQ(compile().level, seccomp::Guarded::Making);
}

TEST_F(GuardRules, TheCallerHasTheLastWord) {
  rule(Access::Write, ".vscode");
  EXPECT_EQ(kind(".vscode/tasks.json"), Kind::Allow);
  rule(Access::Deny, "**/*.key");
  EXPECT_EQ(kind(".vscode/x.key"), Kind::Deny);
  EXPECT_EQ(compile().level, seccomp::Guarded::Opening);
  rule(Access::Protect, ".git/hooks");
  EXPECT_EQ(kind(".git/hooks/a.sample"), Kind::Protect) << "no exception of the defaults";
}

TEST_F(GuardRules, AnEarlierLayerGivesNothingBack) {
  rule(Access::Write, "sub", Layer::Pack);
  rule(Access::Deny, "**/sub", Layer::User);
  EXPECT_EQ(kind("sub/x"), Kind::Deny);
  policy_.filesystem[0].layer = Layer::CommandLine;
  EXPECT_EQ(kind("sub/x"), Kind::Allow);
  EXPECT_EQ(kind("other/sub/x"), Kind::Deny);
}

TEST_F(GuardRules, ProtectOfWhatIsThereCostsNoMoreCallsThanTheDefaults) {
  rule(Access::Protect, "sub");
  EXPECT_EQ(kind("sub/x"), Kind::Protect);
  EXPECT_EQ(compile().level, seccomp::Guarded::Making);
  rule(Access::Protect, "**/*.lock");
  EXPECT_EQ(compile().level, seccomp::Guarded::Removing);
}

TEST_F(GuardRules, TheCallersOwnPolicyIsNotTheCommandsToWrite) {
  const std::string policy = root_ / "home/.config/cordon/policy.toml";
  EXPECT_EQ(kind(policy), Kind::Allow) << "nothing there can be written";
  rule(Access::Write, root_ / "home");
  EXPECT_EQ(kind(policy), Kind::Protect);
  fs::create_directories(root_ / "home/.config/cordon");
  EXPECT_EQ(kind(policy), Kind::Protect);
  rule(Access::Write, root_ / "home/.config/cordon");
  EXPECT_EQ(kind(policy), Kind::Allow) << "the caller says so";
}

TEST_F(GuardRules, WhatIsTakenAwayStaysSoWhenTheHostReplacesIt) {
  rule(Access::Deny, "sub");
  rule(Access::Write, "sub/in", Layer::CommandLine);
  fs::create_directories(root_ / "work/sub/in");
  EXPECT_EQ(kind("sub/x"), Kind::Deny);
  EXPECT_EQ(kind("sub/in/x"), Kind::Allow);
  EXPECT_EQ(compile().level, seccomp::Guarded::Opening);
}

TEST_F(GuardRules, ALinkToSettingsIsHeldWithWhatItLeadsTo) {
  EXPECT_EQ(compile().level, seccomp::Guarded::Making);
  fs::create_symlink("sub/rc", root_ / "work/.bashrc");
  EXPECT_EQ(kind("sub/rc"), Kind::Protect) << "not there yet";
  std::ofstream(root_ / "work/sub/rc") << "x";
  EXPECT_EQ(kind("sub/rc"), Kind::Protect);
  EXPECT_EQ(kind(".bashrc"), Kind::Protect);
  EXPECT_EQ(compile().level, seccomp::Guarded::Removing) << "no mount holds a link";
}

TEST_F(GuardRules, NothingToGuardInAReadOnlyWorkDirectory) {
  rule(Access::Read, ".");
  EXPECT_TRUE(compile().table.empty());
}

// The broker's matching against the policy's, which has an oracle of its own (glob_test.cc).
RC_GTEST_FIXTURE_PROP(GuardRules, AgreesWithTheGlob, ()) {
  const auto piece =
      rc::gen::element<std::string>("a", "b", "*", "**", "a*", "?b", "[ab]", "[!a]x", "\\*", "*b?");
  const auto name =
      rc::gen::element<std::string>("a", "b", "ab", "*", "bx", "cx", "abc", "\u00e9b");
  std::string pattern;
  for (const auto& each : *rc::gen::resize(
           4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(piece)))) {
    pattern += (pattern.empty() ? "" : "/") + each;
  }
  const std::string absolute = (root_ / "work").string() + "/" + pattern;
  const auto glob = Glob::parse(absolute);
  RC_PRE(glob.has_value() && !glob->names_nothing() && !glob->literal());
  rule(Access::Deny, absolute);
  std::string path = root_ / "work";
  for (const auto& each :
       *rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(name)))) {
    path += "/" + each;
  }
  RC_ASSERT((kind(path) == Kind::Deny) == glob->covers(path, Case::Fold));
}

}  // namespace
}  // namespace cordon::native
