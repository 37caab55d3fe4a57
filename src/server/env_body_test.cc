#include "server/env_body.h"

#include <gtest/gtest.h>

namespace cordon::server {
namespace {

std::string field_of(std::string_view body) {
  const auto read = read_env_body(body);
  return read ? "" : read.error().subject;
}

TEST(EnvBody, WordsArriveAndTheirDefaults) {
  const auto none = read_env_body("{}");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->dockerfile, "Dockerfile");
  EXPECT_EQ(none->pull, PullPolicy::Missing);
  const auto all = read_env_body(
      R"({"project_dir":"/srv/p","dockerfile":"./a//Dockerfile","build_args":{"A":"1"},"target":"t",)"
      R"("platform":"linux/arm64","pull":"never",)"
      R"("limits":{"memory_mb":64,"timeout":"2m","network":"open"}})");
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_EQ(all->project_dir, "/srv/p");
  EXPECT_EQ(all->dockerfile, "a/Dockerfile");
  EXPECT_EQ(all->arguments.size(), 1U);
  EXPECT_EQ(all->pull, PullPolicy::Never);
  EXPECT_EQ(all->command.memory_mb, 64U);
  EXPECT_EQ(all->command.timeout_secs, 120U);
  EXPECT_EQ(all->command.network, NetworkMode::Open);
}

TEST(EnvBody, WhatIsRefusedIsNamed) {
  EXPECT_EQ(field_of(R"({"dockerfile":"../x"})"), "dockerfile");
  EXPECT_EQ(field_of(R"({"dockerfile":"/x"})"), "dockerfile");
  EXPECT_EQ(field_of(R"({"dockerfile":"."})"), "dockerfile");
  EXPECT_EQ(field_of(R"({"project_dir":"x"})"), "project_dir");
  EXPECT_EQ(field_of(R"({"project_dir":"/tmp\u0000/x"})"), "project_dir");
  EXPECT_EQ(field_of(R"({"limits":{"pids":5}})"), "limits.pids");
  EXPECT_EQ(field_of(R"({"limits":{"cpus":1}})"), "limits.cpus");
  EXPECT_EQ(field_of(R"({"limits":{"disk_mb":1}})"), "limits.disk_mb");
  EXPECT_EQ(field_of(R"({"cmd":["x"]})"), "cmd");
}

TEST(EnvBody, TheBodyOfASwapMayBeEmpty) {
  EXPECT_EQ(read_swap_body(""), "");
  EXPECT_EQ(read_swap_body(R"({"health_check":"true"})"), "true");
  EXPECT_FALSE(read_swap_body(R"({"check":"true"})"));
}

TEST(EnvBody, NamesAreNoPaths) {
  for (const char* good : {"a", "My-Project_1.0", "-x"}) EXPECT_TRUE(is_project_name(good)) << good;
  for (const char* bad : {"", ".", "..", ".x", "a/b", "a b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_project_name(bad)) << bad;
  }
  EXPECT_FALSE(is_project_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace cordon::server
