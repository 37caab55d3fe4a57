#include "cordon/load_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cordon {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class LoadForAProgram : public testing::Test {
 protected:
  LoadForAProgram() {
    char name[] = "/tmp/cordon-request-XXXXXX";
    root_ = mkdtemp(name);
    request_.work_dir = root_;
  }
  ~LoadForAProgram() override { fs::remove_all(root_); }

  std::string refusal() {
    const auto policy = load_policy(request_);
    return policy ? "(accepted)" : policy.error().message();
  }

  fs::path root_;
  PolicyRequest request_;
};

TEST_F(LoadForAProgram, StatementsInJsonComeOnTopOfPresetAndPacks) {
  request_.preset = "strict";
  request_.packs = {"git"};
  request_.json = R"({"limits": {"memory": "2G"}, "filesystem": {"deny": ["**/.env"]}})";
  const auto policy = load_policy(request_);
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(policy->limits.memory_bytes, 2ULL << 30);
  EXPECT_FALSE(policy->limits.pids.has_value());
  EXPECT_EQ(policy->filesystem.front().access, Access::Read);
  EXPECT_EQ(policy->filesystem.back().path, root_.string() + "/**/.env");
  EXPECT_EQ(policy->filesystem.back().origin, "/filesystem/deny/0");
  EXPECT_FALSE(policy->environment.pass.empty());
}

TEST_F(LoadForAProgram, FilesOfTheHostAreReadWhenAsked) {
  std::ofstream(root_ / ".cordon.toml") << "[limits]\npids = 9\n";
  EXPECT_FALSE(load_policy(request_)->limits.pids.has_value());
  request_.files = PolicyFiles::All;
  EXPECT_EQ(load_policy(request_)->limits.pids, 9U);
}

TEST_F(LoadForAProgram, AFileMayBeJson) {
  std::ofstream(root_ / "p.json") << R"({"limits": {"pids": 7}})";
  request_.file = root_ / "p.json";
  ASSERT_EQ(refusal(), "(accepted)");
  EXPECT_EQ(load_policy(request_)->limits.pids, 7U);
}

TEST_F(LoadForAProgram, WhatIsWrongIsNamed) {
  request_.json = R"({"limits": {"memory": true}})";
  EXPECT_THAT(refusal(), HasSubstr("/limits/memory"));
  request_.json.clear();
  request_.packs = {"gti"};
  EXPECT_THAT(refusal(), HasSubstr("did you mean git?"));
  request_.packs.clear();
  request_.work_dir = "here";
  EXPECT_THAT(refusal(), HasSubstr("begin with /"));
}

TEST(PolicySchema, IsPrinted) { EXPECT_THAT(policy_schema(), HasSubstr("max_timeout")); }

}  // namespace
}  // namespace cordon
