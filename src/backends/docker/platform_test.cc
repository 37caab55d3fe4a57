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

TEST(Platform, WhatWasBuiltIsForWhatWasAsked) {
  engine::Image image;
  image.os = "linux";
  image.architecture = "arm64";
  for (const auto* const asked :
       {"", "linux", "arm64", "linux/arm64", "Linux/AArch64", "linux/arm64/v8"}) {
    EXPECT_TRUE(check_made_for(image, asked)) << asked;
  }
  for (const auto* const asked :
       {"windows", "amd64", "linux/amd64", "linux/arm/v7", "windows/arm64", "x86_64"}) {
    const auto refused = check_made_for(image, asked);
    ASSERT_FALSE(refused) << asked;
    EXPECT_NE(refused.error().message().find("linux/arm64"), std::string::npos);
  }
  image.architecture = "";  // an engine that does not tell
  EXPECT_TRUE(check_made_for(image, "linux/amd64"));
}

}  // namespace
}  // namespace cordon::docker
