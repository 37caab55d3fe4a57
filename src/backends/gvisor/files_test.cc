#include "gvisor/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gvisor/guarantees.h"

namespace cordon::gvisor {
namespace {

using linux_os::Operation;
using native::Grant;
using testing::ElementsAre;
using testing::HasSubstr;

struct Stated {
  Grant grant;
  std::string path;
  int parent = -1;
  bool by_default = false;
};

native::RuleSet rules(const std::vector<Stated>& stated) {
  native::RuleSet set;
  for (const Stated& one : stated) {
    native::Rule rule;
    rule.grant = one.grant;
    rule.path = one.path;
    rule.origin = "a test";
    rule.from_default = one.by_default;
    rule.parent = one.parent;
    rule.identity = linux_os::FileIdentity{1, 2};
    if (one.parent >= 0) set.rules[static_cast<std::size_t>(one.parent)].has_inner = true;
    set.rules.push_back(rule);
  }
  set.work_dir = "/srv/job";
  return set;
}

Mount scratch(std::string path) { return {Mount::Kind::Scratch, std::move(path)}; }
Mount host(std::string path) { return {Mount::Kind::Host, std::move(path)}; }

TEST(Files, OfTheSystemAreRememberedThoseOfTheUserAreNot) {
  const auto files = files_of(rules({{Grant::Write, "/srv/job"},
                                     {Grant::Read, "/srv/job/.git", 0, true},
                                     {Grant::Read, "/srv/tools"},
                                     {Grant::Read, "/usr", -1, true}}));
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->mounts, ElementsAre(host("/srv/job"), host("/srv/tools")))
      << "a mount inside another one is the kernel's";
}

TEST(Files, BeneathAPrivateDirectoryEachTreeIsAMount) {
  const auto files = files_of(rules({{Grant::Scratch, "/tmp", -1, true},
                                     {Grant::Read, "/tmp/default", 0, true},
                                     {Grant::Write, "/tmp/job", 0},
                                     {Grant::Scratch, "/tmp/job/cache", 2},
                                     {Grant::Read, "/tmp/job/cache/seed", 3}}));
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->mounts, ElementsAre(scratch("/tmp"), host("/tmp/default"), host("/tmp/job"),
                                         scratch("/tmp/job/cache"), host("/tmp/job/cache/seed")));
}

TEST(Files, AreNotWhereGvisorHasItsOwn) {
  for (const char* path : {"/dev/kvm", "/proc/1", "/sys/class"}) {
    const auto files = files_of(rules({{Grant::Read, path}}));
    ASSERT_FALSE(files) << path;
    EXPECT_EQ(files.error().code, ErrorCode::InvalidArgument);
  }
}

TEST(Files, NamesThatMayComeAreSaidToBeUnheld) {
  native::RuleSet set = rules({{Grant::Write, "/srv/job"}});
  set.name_rules.push_back({Access::Deny, "/srv/job/**/*.key", "a test", Layer::CommandLine});
  set.name_rules.push_back({Access::Protect, "/srv/job/.envrc", "a test", Layer::Default});
  const auto files = files_of(set);
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->unheld.stated, ElementsAre("deny /srv/job/**/*.key"));
  EXPECT_THAT(files->unheld.default_protected, ElementsAre(HasSubstr(".envrc")));
}

TEST(Files, WhatTheHostMayReplaceIsSaidToBeUnheld) {
  const auto files = files_of(rules({{Grant::Write, "/srv/job"},
                                     {Grant::Write, "/srv/job/.git", 0, true},
                                     {Grant::Read, "/srv/job/.git/config", 1, true},
                                     {Grant::Deny, "/srv/job/.env", 0},
                                     {Grant::Read, "/srv/shared"},
                                     {Grant::Hide, "/srv/shared/secret", 4},
                                     {Grant::Read, "/srv/shared/tools", 4},
                                     {Grant::Read, "/etc", -1, true},
                                     {Grant::Deny, "/etc/shadow", 7, true},
                                     {Grant::Deny, "/etc/passwd", 7},
                                     {Grant::Scratch, "/tmp", -1, true},
                                     {Grant::Deny, "/tmp/x", 10},
                                     {Grant::Deny, "/srv/elsewhere"}}));
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->unheld.replaced_to_read,
              ElementsAre("/srv/job/.env", "/srv/shared/secret", "/etc/passwd"));
  EXPECT_THAT(files->unheld.replaced_to_write,
              ElementsAre("/srv/job/.git/config", "/srv/job/.env"));
}

TEST(BelowRootfs, LiesTheWholeTreeAndWhatStandsOutsideOfItStays) {
  linux_os::StepList native;
  native.add(Operation::PrivateMounts);
  native.add(Operation::MakeDirectory, "/usr", "", 0755);
  native.add(Operation::Bind, "/usr", "/usr").identity = {3, 4};
  native.add(Operation::Cover, "/srv/job/secret", "/dev/pts/masks/denied").ground =
      linux_os::Ground::Host;
  native.add(Operation::MakeSymlink, "/bin", "usr/bin");
  native.add(Operation::PivotRoot);
  native.add(Operation::SealRoot);
  native.add(Operation::Hostname, "", "box");
  linux_os::StepList steps;
  add_below_rootfs(native, steps);
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_STREQ(steps[1].path, "/rootfs/usr");
  EXPECT_EQ(steps[1].value, 0755U);
  EXPECT_STREQ(steps[2].path, "/rootfs/usr");
  EXPECT_STREQ(steps[2].text, "/usr");
  EXPECT_EQ(steps[2].identity.inode, 4U);
  EXPECT_STREQ(steps[3].path, "/rootfs/srv/job/secret");
  EXPECT_STREQ(steps[3].text, "/rootfs/dev/pts/masks/denied");
  EXPECT_EQ(steps[3].ground, linux_os::Ground::Host);
  EXPECT_STREQ(steps[4].path, "/rootfs/bin");
  EXPECT_STREQ(steps[4].text, "usr/bin");
}

class GuaranteesOf : public testing::Test {
 protected:
  Strength of(std::string_view name) const {
    for (const Guarantee& one : make_guarantees(facts_)) {
      if (one.name == name) return one.strength;
    }
    return Strength::Absent;
  }

  Policy policy_;
  Files files_;
  cgroup::Support support_{.memory = true,
                           .swap = true,
                           .cpu = true,
                           .pids = true,
                           .io = true,
                           .mechanism = "cgroup v2",
                           .reason = ""};
  Enforcement facts_{.policy = &policy_,
                     .files = &files_,
                     .platform = {},
                     .cgroup = &support_,
                     .missing_cgroup = "",
                     .kernel_is_nobody = false,
                     .counts_tasks = false};
};

TEST_F(GuaranteesOf, AllAreNamed) {
  EXPECT_EQ(make_guarantees(facts_).size(), guarantee::kAll.size());
}

TEST_F(GuaranteesOf, FilesAreWhatMountsHold) {
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Enforced);
  EXPECT_EQ(of(guarantee::kFilesystemWrite), Strength::Enforced);
  files_.unheld.default_protected = {"/srv/job/.envrc"};
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Enforced);
  EXPECT_EQ(of(guarantee::kFilesystemWrite), Strength::Partial);
  files_.unheld.stated = {"deny *.key"};
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Partial);
  files_.unheld = {.replaced_to_write = {"/srv/job/.git/config"}};
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Enforced);
  EXPECT_EQ(of(guarantee::kFilesystemWrite), Strength::Partial);
  files_.unheld = {.replaced_to_read = {"/srv/shared/secret"}};
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Partial);
  EXPECT_EQ(of(guarantee::kFilesystemWrite), Strength::Enforced);
  files_.unheld = {.default_secrets = {"deny /root/.netrc"}};
  EXPECT_EQ(of(guarantee::kFilesystemRead), Strength::Partial);
}

TEST_F(GuaranteesOf, LimitsAreWhatTheGroupHolds) {
  policy_.limits.memory_bytes = 1 << 30;
  policy_.limits.pids = 10;
  EXPECT_EQ(of(guarantee::kMemoryLimit), Strength::Enforced);
  EXPECT_EQ(of(guarantee::kPidsLimit), Strength::Absent) << "the host's tasks are not the guest's";
  facts_.counts_tasks = true;
  EXPECT_EQ(of(guarantee::kPidsLimit), Strength::Enforced);
  support_.swap = false;
  EXPECT_EQ(of(guarantee::kMemoryLimit), Strength::Partial);
  facts_.cgroup = nullptr;
  facts_.missing_cgroup = "there is none";
  EXPECT_EQ(of(guarantee::kMemoryLimit), Strength::Absent);
}

TEST_F(GuaranteesOf, AnOpenNetworkIsNoGuarantee) {
  EXPECT_EQ(of(guarantee::kNetworkEgress), Strength::Enforced);
  policy_.network = NetworkMode::Open;
  EXPECT_EQ(of(guarantee::kNetworkEgress), Strength::Absent);
}

}  // namespace
}  // namespace cordon::gvisor
