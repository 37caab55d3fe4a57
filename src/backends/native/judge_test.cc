// Which refusals are the policy's, and what would have allowed them.
#include "native/judge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace cordon::native {
namespace {

namespace fs = std::filesystem;

class Judged : public testing::Test {
 protected:
  Judged() {
    char name[] = "/var/tmp/cordon-judge-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    for (const char* path : {"home/.ssh", "work/.git/hooks", "data/sub"}) {
      fs::create_directories(root_ / path);
    }
    for (const char* path : {"data/a", "home/.ssh/id_rsa", "work/a"}) {
      std::ofstream(root_ / path) << "x";
    }
    input_.work_dir = root_ / "work";
    input_.caller = {getuid(), getgid(), {root_ / "home"}};
  }
  ~Judged() override { fs::remove_all(root_); }

  void state(Access access, const fs::path& path, std::string origin, Layer layer) {
    input_.policy.filesystem.push_back(
        {access, path, std::move(origin), Presence::Required, layer});
  }
  std::optional<Refusal> judge(Attempt attempt, const std::string& target, int error) const {
    Observed observed;
    observed.attempt = attempt;
    observed.target = target;
    observed.error = error;
    const auto judge = Judge::make(input_);
    EXPECT_TRUE(judge.has_value());
    return judge ? judge->judge(observed) : std::nullopt;
  }
  std::string at(const char* path) const { return root_ / path; }

  fs::path root_;
  JudgeInput input_;
};

TEST_F(Judged, APathThatNoRuleShows) {
  const auto refusal = judge(Attempt::Read, at("data/a"), ENOENT);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.kind, RemedyKind::Rule);
  EXPECT_EQ(refusal->remedy.access, Access::Read);
  EXPECT_EQ(refusal->remedy.path, at("data/a"));
  EXPECT_EQ(refusal->remedy.warning, "");
}

TEST_F(Judged, WhatIsNotThereEitherIsNoRefusal) {
  EXPECT_FALSE(judge(Attempt::Read, at("data/absent"), ENOENT));
  EXPECT_FALSE(judge(Attempt::Read, at("work/absent"), ENOENT));
  EXPECT_FALSE(judge(Attempt::Read, at("work/a"), 0));
}

TEST_F(Judged, MakingAFileNeedsItsDirectory) {
  const auto refusal = judge(Attempt::Create, at("data/sub/new"), ENOENT);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.access, Access::Write);
  EXPECT_EQ(refusal->remedy.path, at("data/sub"));
}

TEST_F(Judged, TheRuleAndItsOriginAreNamed) {
  state(Access::Read, root_ / "data", "policy.toml:12", Layer::File);
  const auto refusal = judge(Attempt::Write, at("data/a"), EROFS);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->rule, "read " + at("data"));
  EXPECT_EQ(refusal->origin, "policy.toml:12");
  EXPECT_EQ(refusal->remedy.access, Access::Write);
  EXPECT_EQ(refusal->remedy.path, at("data/a"));
}

// What the command line takes away no rule gives back: it has the last word.
TEST_F(Judged, ADenialOfTheCommandLineMustBeTakenBack) {
  state(Access::Read, root_ / "data", "--read", Layer::CommandLine);
  state(Access::Deny, root_ / "data/sub", "--deny", Layer::CommandLine);
  const auto refusal = judge(Attempt::List, at("data/sub"), EACCES);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.kind, RemedyKind::TakeBack);
  EXPECT_EQ(refusal->origin, "--deny");
}

TEST_F(Judged, KeysCarryTheirReason) {
  const auto refusal = judge(Attempt::Read, at("home/.ssh/id_rsa"), ENOENT);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.warning, "private keys");
}

TEST_F(Judged, ProtectedNamesCarryTheirReason) {
  const auto refusal = judge(Attempt::Create, at("work/.git/hooks/pre-commit"), EROFS);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, "git runs these on the host");
  EXPECT_EQ(refusal->remedy.warning, "git runs these on the host");
}

TEST_F(Judged, TheRootIsNeverProposed) {
  const auto refusal = judge(Attempt::Create, "/cordon-judge-new", EROFS);
  if (refusal) EXPECT_EQ(refusal->remedy.kind, RemedyKind::None);
}

TEST_F(Judged, AddressesOfAClosedNetwork) {
  input_.policy.network = NetworkMode::None;
  const auto refusal = judge(Attempt::Connect, "tcp 192.0.2.1:443", ENETUNREACH);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.kind, RemedyKind::OpenNetwork);
  // Where nothing listens on the host, nothing was refused.
  EXPECT_FALSE(judge(Attempt::Connect, "tcp 127.0.0.1:1", ECONNREFUSED));
  input_.policy.network = NetworkMode::Open;
  EXPECT_FALSE(judge(Attempt::Connect, "tcp 192.0.2.1:443", ENETUNREACH));
}

TEST_F(Judged, SystemCalls) {
  const auto refusal = judge(Attempt::SystemCall, "bpf", EPERM);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->remedy.kind, RemedyKind::None);
  EXPECT_FALSE(judge(Attempt::SystemCall, "clone3", ENOSYS));
  EXPECT_FALSE(judge(Attempt::SystemCall, "unshare", 0));
}

}  // namespace
}  // namespace cordon::native
