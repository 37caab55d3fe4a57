#include "server/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/router.h"

namespace cordon::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, IsTakenApartAndDecodedOnce) {
  const auto target = parse_target("/api/v1/exec%75tions/a%2525b?status=failed&command=a+b%26&x");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("api", "v1", "executions", "a%25b"));
  EXPECT_THAT(target->query,
              ElementsAre(Pair("status", "failed"), Pair("command", "a b&"), Pair("x", "")));
  EXPECT_EQ(target->parameter("status"), "failed");
  EXPECT_EQ(target->parameter("nothing"), std::nullopt);
}

TEST(Target, TheRootHasNoSegments) {
  const auto target = parse_target("/");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, IsEmpty());
}

class RefusedTarget : public testing::TestWithParam<const char*> {};

TEST_P(RefusedTarget, IsRefused) {
  const auto target = parse_target(GetParam());
  ASSERT_FALSE(target) << GetParam();
  EXPECT_EQ(target.error().code, ErrorCode::InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, RefusedTarget,
                         testing::Values("", "api", "*", "http://host/api", "/a/../b", "/a/./b",
                                         "/a/%2e%2e/b", "/a/%2E./b", "/a//b", "/a/", "/a%2fb",
                                         "/a%2Fb", "/a%00", "/a%", "/a%4", "/a%zz", "/a b", "/a#b",
                                         "/\xc3\xa9", "/a?x=%0", "/a\x7f"));

class Routes : public testing::Test {
 protected:
  Routes() {
    router_.add("GET", "/things/{id}", 0);
    router_.add("DELETE", "/things/{id}", 1);
    router_.add("GET", "/things/newest", 2);
    router_.add("GET", "/things/{id}/parts/{part}", 3);
  }
  RouteMatch match(std::string_view method, std::string_view path) {
    target_ = parse_target(path).value();
    return router_.match(method, target_);
  }

  Router router_;
  Target target_;
};

TEST_F(Routes, FixedSegmentsComeBeforeNames) {
  EXPECT_EQ(match("GET", "/things/newest").route, 2U);
  EXPECT_EQ(match("GET", "/things/7").route, 0U);
  EXPECT_THAT(match("GET", "/things/7").parameters, ElementsAre("7"));
  EXPECT_THAT(match("GET", "/things/7/parts/x%20y").parameters, ElementsAre("7", "x y"));
}

TEST_F(Routes, HeadIsAnsweredWhereGetIs) {
  EXPECT_EQ(match("HEAD", "/things/7").kind, RouteMatch::Kind::Found);
}

TEST_F(Routes, AWrongMethodLearnsTheRightOnes) {
  const auto wrong = match("POST", "/things/7");
  EXPECT_EQ(wrong.kind, RouteMatch::Kind::NoSuchMethod);
  EXPECT_EQ(wrong.allow, "GET, HEAD, DELETE");
}

TEST_F(Routes, OthersAreNotThere) {
  EXPECT_EQ(match("GET", "/things").kind, RouteMatch::Kind::NoSuchPath);
  EXPECT_EQ(match("GET", "/things/7/parts").kind, RouteMatch::Kind::NoSuchPath);
  EXPECT_EQ(match("GET", "/THINGS/7").kind, RouteMatch::Kind::NoSuchPath);
}

}  // namespace
}  // namespace cordon::server
