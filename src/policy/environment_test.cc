#include "policy/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordon {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const GuestSurroundings kGuest = {.home = "/home/guest", .user = "guest", .work_dir = "/srv/job"};

Result<std::vector<std::string>> build(const EnvironmentRules& rules,
                                       std::vector<const char*> caller = {}) {
  caller.push_back(nullptr);
  return build_environment(rules, kGuest, caller.data());
}

TEST(BuildEnvironment, StartsFromNothing) {
  const auto environment =
      build({}, {"SECRET_TOKEN=x", "LD_PRELOAD=/evil.so", "PATH=/evil", "HOME=/root", "LANG=de"});
  EXPECT_THAT(environment.value(),
              ElementsAre("HOME=/home/guest", "LANG=C.UTF-8", "LOGNAME=guest",
                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                          "PWD=/srv/job", "SHELL=/bin/sh", "TMPDIR=/tmp", "USER=guest"));
  EXPECT_EQ(build_environment({}, kGuest, nullptr).value(), environment.value());
}

TEST(BuildEnvironment, PassesASaneTerminalNameOnly) {
  EXPECT_THAT(build({}, {"TERM=xterm-256color"}).value(), Contains("TERM=xterm-256color"));
  for (const auto* term : {"TERM=", "TERM=../../evil", "TERM=a b", "TERM=x\n"}) {
    EXPECT_THAT(build({}, {term}).value(), Not(Contains(StartsWith("TERM=")))) << term;
  }
  EXPECT_THAT(build({.pass = {"TERM"}, .set = {}}, {"TERM=a b"}).value(), Contains("TERM=a b"));
}

TEST(BuildEnvironment, PassCopiesByNameAndSetOverridesAll) {
  const EnvironmentRules rules = {.pass = {"A", "PATH", "MISSING", "B"},
                                  .set = {{"B", "set"}, {"HOME", "/h"}, {"B", "again"}, {"E", ""}}};
  const auto environment =
      build(rules, {"A=1=2", "A=second", "B=caller", "PATH=/p", "C=no", "junk"}).value();
  EXPECT_THAT(environment, Contains("A=1=2"));
  EXPECT_THAT(environment, Not(Contains("A=second")));
  EXPECT_THAT(environment, Contains("PATH=/p"));
  EXPECT_THAT(environment, Contains("B=again"));
  EXPECT_THAT(environment, Contains("HOME=/h"));
  EXPECT_THAT(environment, Contains("E="));
  EXPECT_THAT(environment, Not(Contains(StartsWith("MISSING"))));
  EXPECT_THAT(environment, Not(Contains(StartsWith("C="))));
}

TEST(BuildEnvironment, PathBeginsWithWhatThePolicyNames) {
  const auto environment = build({.pass = {}, .set = {}, .path = {"/a/bin", "/b"}}).value();
  EXPECT_THAT(environment, Contains(StartsWith("PATH=/a/bin:/b:/usr/local/sbin:")));
  for (const auto* path : {"relative", "", "/a:/b"}) {
    EXPECT_FALSE(build({.pass = {}, .set = {}, .path = {path}})) << path;
  }
}

TEST(BuildEnvironment, RefusesWhatExecveCannotCarry) {
  const std::string nul("A\0B", 3);
  for (const auto& name : {std::string(), std::string("A=B"), nul}) {
    const auto passed = build({.pass = {name}, .set = {}});
    ASSERT_FALSE(passed) << name;
    EXPECT_EQ(passed.error().code, ErrorCode::InvalidArgument);
    EXPECT_FALSE(build({.pass = {}, .set = {{name, "value"}}})) << name;
  }
  EXPECT_FALSE(build({.pass = {}, .set = {{"A", nul}}}));
  const auto huge = build({.pass = {}, .set = {{"BIG", std::string(32 << 20, 'x')}}});
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().message(), HasSubstr("BIG"));
  EXPECT_LT(huge.error().message().size(), 200U);
}

}  // namespace
}  // namespace cordon
