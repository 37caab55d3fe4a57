#include "docker/platform.h"

#include <gtest/gtest.h>

namespace cordon::docker {
namespace {

TEST(Platform, AMachineRunsItsOwnAndTheOlderOfItsKind) {
  EXPECT_TRUE(may_run("amd64", "x86_64"));
  EXPECT_TRUE(may_run("386", "x86_64"));
  EXPECT_TRUE(may_run("arm64", "aarch64"));
  EXPECT_TRUE(may_run("arm", "aarch64"));
}

TEST(Platform, AForeignOneItDoesNot) {
  EXPECT_FALSE(may_run("arm64", "x86_64"));
  EXPECT_FALSE(may_run("riscv64", "x86_64"));
  EXPECT_FALSE(may_run("amd64", "aarch64"));
  EXPECT_FALSE(may_run("386", "aarch64"));
}

TEST(Platform, WhatIsNotKnownIsLeftToTheEngine) {
  EXPECT_TRUE(may_run("", "x86_64"));
  EXPECT_TRUE(may_run("loong64", "x86_64"));
  EXPECT_TRUE(may_run("amd64", "s390x"));
}

TEST(Platform, AnotherSystemIsRefused) {
  engine::Image image;
  image.os = "windows";
  const auto refused = check_platform(image, "servercore");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("windows"), std::string::npos);
}

}  // namespace
}  // namespace cordon::docker
