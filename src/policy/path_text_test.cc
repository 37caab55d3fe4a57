#include "policy/path_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace cordon {
namespace {

using testing::HasSubstr;

class PathText : public testing::Test {
 protected:
  std::string expand(std::string_view text) {
    const PathContext context{
        .home = "/home/[me]", .work_dir = "/w*rk", .variable = [&](std::string_view name) {
          const auto found = variables_.find(name);
          return found == variables_.end() ? std::optional<std::string_view>() : found->second;
        }};
    const auto path = expand_path(text, context);
    if (!path) return path.error().message();
    return *path ? **path : "(not set)";
  }

  std::map<std::string, std::string, std::less<>> variables_ = {
      {"GO", "/go"}, {"ODD", "/a*b"}, {"REL", "x/y"}, {"EMPTY", ""}};
};

TEST_F(PathText, AnchorsRelativePathsInTheWorkDirectory) {
  EXPECT_EQ(expand("/a/b"), "/a/b");
  EXPECT_EQ(expand("a/*.txt"), "/w\\*rk/a/*.txt");
  EXPECT_EQ(expand("."), "/w\\*rk");
  EXPECT_EQ(expand("././b"), "/w\\*rk/b");
}

TEST_F(PathText, KnowsTheHomeDirectory) {
  EXPECT_EQ(expand("~"), "/home/\\[me]");
  EXPECT_EQ(expand("~/x"), "/home/\\[me]/x");
  EXPECT_EQ(expand("\\~/x"), "/w\\*rk/~/x");
  EXPECT_THAT(expand("~you"), HasSubstr("\\~"));
  EXPECT_EQ(expand("a~"), "/w\\*rk/a~");
}

TEST_F(PathText, PutsVariablesInLiterally) {
  EXPECT_EQ(expand("$GO/pkg"), "/go/pkg");
  EXPECT_EQ(expand("${GO}x"), "/gox");
  EXPECT_EQ(expand("$ODD"), "/a\\*b");
  EXPECT_EQ(expand("/run/$REL"), "/run/x/y");
  EXPECT_EQ(expand("\\$GO"), "/w\\*rk/$GO");
}

TEST_F(PathText, AVariableThatIsNotSetHasAnAlternativeOrNoPath) {
  EXPECT_EQ(expand("$NO/x"), "(not set)");
  EXPECT_EQ(expand("$EMPTY/x"), "(not set)");
  EXPECT_EQ(expand("${NO:-~/.cache}/x"), "/home/\\[me]/.cache/x");
  EXPECT_EQ(expand("${NO:-/var}/x"), "/var/x");
  // At the front only a whole path makes sense.
  EXPECT_EQ(expand("${REL:-/var}/x"), "/var/x");
  EXPECT_THAT(expand("${GO"), HasSubstr("no }"));
  EXPECT_THAT(expand("${GO-x}"), HasSubstr(":-"));
  EXPECT_THAT(expand("a$"), HasSubstr("missing"));
}

TEST_F(PathText, IsCheckedWithoutAContext) {
  EXPECT_TRUE(check_path_text("${X:-~/.cache}/*.d", Anchor::Absolute));
  EXPECT_TRUE(check_path_text("**/.env", Anchor::Any));
  EXPECT_FALSE(check_path_text("**/.env", Anchor::Absolute));
  EXPECT_FALSE(check_path_text("~/**", Anchor::Any));
  EXPECT_FALSE(check_path_text("", Anchor::Any));
}

}  // namespace
}  // namespace cordon
