// What a policy becomes. The plan is also run for real by tests/behaviour.
#include "native/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "native/groundwork.h"
#include "native/paths.h"

namespace cordon::native {
namespace {

using linux_os::Operation;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Tree : public testing::Test {
 protected:
  Tree() {
    char name[] = "/var/tmp/cordon-compile-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    fs::create_directories(root_ / "work/sub/deep");
    fs::create_directories(root_ / "other/inner");
    std::ofstream(root_ / "work/file") << "x";
  }
  ~Tree() override { fs::remove_all(root_); }

  Result<Compiled> compile_policy(Walls walls = Walls::Full) {
    CompileInput input;
    input.policy = &policy_;
    input.work_dir = work_dir_.empty() ? (root_ / "work").string() : work_dir_;
    input.caller = {getuid(), getgid(), {root_ / "home"}};
    input.walls = walls;
    input.landlock_abi = 7;
    input.private_directory = root_;
    return compile(input);
  }

  void rule(Access access, const fs::path& path, std::string origin = "--rule") {
    policy_.filesystem.push_back({access, path, std::move(origin)});
  }

  std::string error() {
    const auto compiled = compile_policy();
    return compiled ? "(compiled)" : compiled.error().message();
  }

  fs::path root_;
  std::string work_dir_;
  Policy policy_;
};

// What a path is in the end: the last mount whose place is it or lies above it decides.
std::string fate(const linux_os::Plan& plan, const std::string& path) {
  std::string verdict = "private";
  std::size_t longest = 0;
  const auto groundwork = make_groundwork({});
  for (const auto& step : plan.steps) {
    const std::string place = step.path;
    const bool mounts = step.operation == Operation::Bind || step.operation == Operation::Cover;
    if (!mounts || !is_beneath(path, place) || place.size() < longest) continue;
    longest = place.size();
    if (step.operation == Operation::Bind) {
      verdict = (step.value & kernel::kMountReadOnly) ? "read" : "write";
    } else if (std::string_view(step.text).starts_with("/dev/pts/masks") ||
               std::string_view(step.text).starts_with("/dev/pts/rules")) {
      // Nobody may list or read a mask that denies.
      for (const auto* steps : {&groundwork.steps, &plan.steps}) {
        for (const auto& made : *steps) {
          const bool makes =
              made.operation == Operation::MakeDirectory || made.operation == Operation::MakeFile;
          if (makes && std::string_view(made.path) == step.text) {
            verdict = (made.value & 0444) ? "hide" : "deny";
          }
        }
      }
    } else {
      verdict = "scratch";
    }
  }
  return verdict;
}

TEST_F(Tree, DefaultsShowTheSystemTheWorkDirectoryAndNothingElse) {
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled) << compiled.error().message();
  EXPECT_EQ(fate(compiled->plan, root_ / "work/file"), "write");
  EXPECT_EQ(fate(compiled->plan, "/usr/bin/env"), "read");
  EXPECT_EQ(fate(compiled->plan, root_ / "other"), "private");
  EXPECT_EQ(fate(compiled->plan, root_ / "home/x"), "scratch");
  EXPECT_EQ(fate(compiled->plan, "/tmp/x"), "scratch");
}

TEST_F(Tree, InnerRulesWinOverOuterOnesInAnyDepth) {
  rule(Access::Deny, "sub");
  rule(Access::Read, "sub/deep");
  rule(Access::Hide, root_ / "other/inner");
  rule(Access::Read, root_ / "other");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled) << compiled.error().message();
  EXPECT_EQ(fate(compiled->plan, root_ / "work/sub/x"), "deny");
  EXPECT_EQ(fate(compiled->plan, root_ / "work/sub/deep/x"), "read");
  EXPECT_EQ(fate(compiled->plan, root_ / "other/inner/x"), "hide");
  EXPECT_EQ(fate(compiled->plan, root_ / "other/x"), "read");
}

TEST_F(Tree, ProtectedNamesAreReadOnlyAndCannotBeRenamedAway) {
  fs::create_directories(root_ / "work/.git/hooks");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "work/.git/hooks/pre-commit"), "read");
  EXPECT_EQ(fate(compiled->plan, root_ / "work/.git/index"), "write");
  // .git itself is a mount point: renaming it fails with EBUSY.
  EXPECT_TRUE(std::ranges::any_of(compiled->plan.steps, [&](const auto& step) {
    return step.operation == Operation::Bind && step.path == (root_ / "work/.git").string();
  }));
}

TEST_F(Tree, ProtectionNeverWidensWhatTheUserNarrowed) {
  fs::create_directories(root_ / "work/.git/hooks");
  rule(Access::Read, root_ / "work");
  auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "work/.git/index"), "read");
  policy_.filesystem.clear();
  rule(Access::Deny, ".git");
  compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "work/.git/hooks/x"), "deny");
}

// A guest that swaps .git for a link to somewhere else must not bring that place into the next
// sandbox.
TEST_F(Tree, ALinkWhereAProtectedNameIsExpectedLeadsNowhere) {
  fs::create_directories(root_ / "other/hooks");
  fs::create_directory_symlink(root_ / "other", root_ / "work/.git");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "other"), "private");
  EXPECT_EQ(fate(compiled->plan, root_ / "other/hooks"), "private");
}

TEST_F(Tree, ARuleThatALinkCarriesOutOfTheWorkDirectoryIsRefused) {
  fs::create_directory_symlink(root_ / "other", root_ / "work/data");
  for (const Access access : {Access::Read, Access::Write, Access::Deny}) {
    policy_.filesystem.clear();
    rule(access, "data");
    EXPECT_THAT(error(), HasSubstr("leads out of the work directory"));
  }
}

TEST_F(Tree, TheWayToARuleCannotBeRenamedAway) {
  rule(Access::Deny, "sub/deep");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_TRUE(std::ranges::any_of(compiled->plan.steps, [&](const auto& step) {
    return step.operation == Operation::Bind && step.path == (root_ / "work/sub").string();
  }));
}

TEST_F(Tree, NothingIsMountedInsideWhatIsHiddenAnyway) {
  rule(Access::Hide, "sub");
  rule(Access::Deny, "sub/deep");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "work/sub/deep"), "hide");
}

TEST_F(Tree, MountsInsideTreesOfTheHostFollowNoLinks) {
  rule(Access::Deny, "sub");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  for (const auto& step : compiled->plan.steps) {
    if (step.path == (root_ / "work/sub").string()) {
      EXPECT_EQ(step.ground, linux_os::Ground::Host);
    }
  }
}

TEST_F(Tree, ALinkedPathKeepsTheNameTheUserGaveIt) {
  fs::create_directory_symlink(root_ / "other", root_ / "alias");
  rule(Access::Read, root_ / "alias/inner");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "other/inner"), "read");
  EXPECT_TRUE(std::ranges::any_of(compiled->plan.steps, [&](const auto& step) {
    return step.operation == Operation::MakeSymlink && step.path == (root_ / "alias").string();
  }));
}

TEST_F(Tree, BadRulesAreNamed) {
  rule(Access::Read, "/no/such/path", "--read");
  EXPECT_THAT(error(), HasSubstr("--read /no/such/path"));
  EXPECT_THAT(error(), HasSubstr("does not exist"));
  policy_.filesystem.clear();
  rule(Access::Read, "sub", "--read");
  rule(Access::Deny, "sub", "--deny");
  EXPECT_THAT(error(), HasSubstr("contradicts --read"));
  policy_.filesystem.clear();
  rule(Access::Write, "/", "--write");
  EXPECT_THAT(error(), HasSubstr("name the directories"));
  policy_.filesystem.clear();
  rule(Access::Read, "/proc/sys", "--read");
  EXPECT_THAT(error(), HasSubstr("a /proc of its own"));
}

TEST_F(Tree, BadWorkDirectoriesAreRefused) {
  work_dir_ = "/";
  EXPECT_THAT(error(), HasSubstr("work directory /"));
  work_dir_ = "relative";
  EXPECT_THAT(error(), HasSubstr("absolute"));
  work_dir_ = root_ / "work/file";
  EXPECT_THAT(error(), HasSubstr("not a directory"));
  work_dir_ = "/etc/ssl";
  EXPECT_THAT(error(), HasSubstr("/etc"));
  work_dir_ = root_ / "absent";
  EXPECT_THAT(error(), HasSubstr("No such file"));
  fs::create_directories(root_ / "home/.ssh");
  fs::create_directory_symlink(root_ / "home/.ssh", root_ / "innocent");
  work_dir_ = root_ / "innocent";
  EXPECT_THAT(error(), HasSubstr("private keys"));
  work_dir_ = root_ / "work/sub";
  rule(Access::Deny, root_ / "work", "--deny");
  EXPECT_THAT(error(), HasSubstr("--deny"));
}

TEST_F(Tree, SecretsStayDeniedWhenTheHomeIsShown) {
  fs::create_directories(root_ / "home/.ssh");
  rule(Access::Read, root_ / "home");
  const auto compiled = compile_policy();
  ASSERT_TRUE(compiled);
  EXPECT_EQ(fate(compiled->plan, root_ / "home/x"), "read");
  EXPECT_EQ(fate(compiled->plan, root_ / "home/.ssh/id"), "deny");
}

TEST_F(Tree, WithoutNamespacesLandlockCarriesTheGrants) {
  rule(Access::Deny, "sub");
  const auto compiled = compile_policy(Walls::LandlockOnly);
  ASSERT_TRUE(compiled);
  EXPECT_TRUE(compiled->plan.steps.empty());
  EXPECT_THAT(compiled->beyond_landlock, testing::Contains((root_ / "work/sub").string()));
  EXPECT_NE(compiled->plan.landlock.handled_access_net, 0U);
}

// The longest prefix wins, whatever the order in which the rules were given.
RC_GTEST_PROP(LongestPrefix, WinsInAnyOrder, ()) {
  char name[] = "/var/tmp/cordon-prefix-XXXXXX";
  const fs::path root = fs::canonical(mkdtemp(name));
  const std::vector<std::string> places = {"w/a",     "w/a/b", "w/a/b/c", "w/a/b/c/d", "w/a/e",
                                           "w/a/e/f", "w/g",   "w/g/h",   "w/g/h/i",   "w/ab"};
  for (const auto& place : places) fs::create_directories(root / place);
  std::map<std::string, Access> chosen;
  const auto count = *rc::gen::inRange<std::size_t>(1, places.size());
  for (std::size_t i = 0; i < count; ++i) {
    chosen[*rc::gen::elementOf(places)] =
        *rc::gen::element(Access::Read, Access::Write, Access::Deny, Access::Hide);
  }
  Policy policy;
  for (const auto& [place, access] : chosen) {
    policy.filesystem.push_back({access, root / place, "--rule"});
  }
  auto& rules = policy.filesystem;
  for (std::size_t i = rules.size(); i > 1; --i) {
    std::swap(rules[i - 1], rules[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  CompileInput input;
  input.policy = &policy;
  input.work_dir = root / "w";
  input.caller = {getuid(), getgid(), {"/home/nobody-here"}};
  const auto compiled = compile(input);
  std::map<std::string, std::string> seen;
  if (compiled) {
    for (const auto& place : places) seen[place] = fate(compiled->plan, root / place / "x");
  }
  fs::remove_all(root);
  RC_ASSERT(compiled.has_value());
  for (const auto& place : places) {
    std::string expected = "write";
    std::size_t longest = 0;
    for (const auto& [prefix, access] : chosen) {
      if (is_beneath(place, prefix) && prefix.size() > longest) {
        longest = prefix.size();
        expected = to_string(access);
      }
    }
    // Either of the two takes everything away; inside a mask the inner one has nothing left to
    // cover.
    const auto taken = [](const std::string& fate) { return fate == "deny" || fate == "hide"; };
    RC_ASSERT(seen[place] == expected || (taken(seen[place]) && taken(expected)));
  }
}

}  // namespace
}  // namespace cordon::native
