#include "docker/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "docker/container_environment.h"
#include "native/never_shown.h"
#include "policy/root_sockets.h"

namespace cordon::docker {
namespace {

using native::Grant;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const engine::Endpoint kEngine{engine::Endpoint::Kind::Unix, "/nonexistent/d.sock", {}, {}};

struct Stated {
  Grant grant;
  std::string path;
  int parent = -1;
  bool by_default = false;
  bool directory = true;
};

native::RuleSet rules(const std::vector<Stated>& stated) {
  native::RuleSet set;
  for (const Stated& one : stated) {
    native::Rule rule;
    rule.grant = one.grant;
    rule.path = one.path;
    rule.origin = "a test";
    rule.from_default = one.by_default;
    rule.directory = one.directory;
    rule.parent = one.parent;
    if (one.parent >= 0) set.rules[static_cast<std::size_t>(one.parent)].has_inner = true;
    set.rules.push_back(rule);
  }
  set.work_dir = "/srv/job";
  return set;
}

TEST(Files, TheSystemIsTheImages) {
  const auto files = files_of(rules({{Grant::Write, "/srv/job"},
                                     {Grant::Read, "/srv/job/.git/hooks", 0, true},
                                     {Grant::Scratch, "/tmp", -1, true},
                                     {Grant::Scratch, "/dev/shm", -1, true},
                                     {Grant::Read, "/usr", -1, true},
                                     {Grant::Deny, "/etc/shadow", -1, true, false}}),
                              kEngine);
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->binds,
              ElementsAre(engine::BindMount{"/srv/job", "/srv/job", false},
                          engine::BindMount{"/srv/job/.git/hooks", "/srv/job/.git/hooks", true}));
  EXPECT_THAT(files->scratch, ElementsAre("/tmp"));
  EXPECT_THAT(files->masked, IsEmpty());
}

TEST(Files, WhatTheHostMayReplaceIsOfItsOwnDirectoriesAlone) {
  const auto files = files_of(rules({{Grant::Write, "/srv/job"},
                                     {Grant::Deny, "/srv/job/.env", 0, false, false},
                                     {Grant::Read, "/etc", -1, true},
                                     {Grant::Deny, "/etc/passwd", 2, false, false}}),
                              kEngine);
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_THAT(files->unheld.replaced_to_read, ElementsAre("/srv/job/.env"))
      << "/etc is the image's";
  EXPECT_THAT(files->unheld.replaced_to_write, ElementsAre("/srv/job/.env"));
}

TEST(Files, WhatIsTakenAwayInsideWhatIsShown) {
  const auto files = files_of(rules({{Grant::Write, "/srv/job"},
                                     {Grant::Deny, "/srv/job/a", 0},
                                     {Grant::Deny, "/srv/job/b", 0},
                                     {Grant::Read, "/srv/job/b/c", 2},
                                     {Grant::Deny, "/srv/job/f", 0, false, false},
                                     {Grant::Hide, "/srv/job/h", 0}}),
                              kEngine);
  ASSERT_TRUE(files) << files.error().message();
  engine::HostConfig host;
  take_away(*files, Masking::ByRuntime, "", host);
  EXPECT_THAT(host.masked_paths, ElementsAre("/srv/job/a", "/srv/job/f", "/srv/job/h"));
  EXPECT_EQ(host.tmpfs.size(), 1U);
  host = {};
  take_away(*files, Masking::ByMounts, "/run/empty", host);
  EXPECT_THAT(host.masked_paths, IsEmpty());
  ASSERT_EQ(host.mounts.size(), 1U);
  EXPECT_EQ(host.mounts[0], (engine::BindMount{"/run/empty", "/srv/job/f", true}));
  ASSERT_EQ(host.tmpfs.size(), 3U);
  EXPECT_EQ(host.tmpfs[1].first, "/srv/job/a");
  EXPECT_EQ(host.tmpfs[2].first, "/srv/job/h");
  EXPECT_THAT(files->covered, ElementsAre("/srv/job/b"));
  EXPECT_TRUE(files->denies);
  EXPECT_EQ(files->binds.size(), 2U);
}

TEST(Files, PlacesOfTheContainersOwnAreRefused) {
  for (const char* path : {"/proc/sys", "/sys", "/dev/kvm"}) {
    const auto files = files_of(rules({{Grant::Read, path}}), kEngine);
    ASSERT_FALSE(files) << path;
    EXPECT_EQ(files.error().code, ErrorCode::InvalidArgument);
  }
}

TEST(Files, NothingLeadsToRoot) {
  for (const DefaultEntry& entry : root_sockets()) {
    const auto files =
        files_of(rules({{Grant::Read, native::real_path(std::string(entry.path))}}), kEngine);
    ASSERT_FALSE(files) << entry.path;
    EXPECT_THAT(files.error().message(), HasSubstr("root on this host"));
  }
  EXPECT_FALSE(files_of(rules({{Grant::Write, "/nonexistent"}}), kEngine)) << "the engine's own";
  EXPECT_TRUE(files_of(rules({{Grant::Read, "/srv"}}), kEngine)) << "the control";
}

TEST(Files, ScratchIsSharedOut) {
  Files files;
  files.scratch = {"/tmp", "/home/a"};
  engine::HostConfig host;
  host.mounts = {{"/srv/job", "/srv/job", false}};
  constexpr std::uint64_t kDisk = 80ULL << 20;
  add_scratch(files, {"/data", "/srv/job", "/", "/tmp/"}, Identity{7, 8}, kDisk, host);
  EXPECT_EQ(host.shm_size, std::int64_t{10} << 20);
  ASSERT_EQ(host.tmpfs.size(), 3U);
  std::uint64_t sum = static_cast<std::uint64_t>(host.shm_size);
  for (const auto& [place, options] : host.tmpfs) {
    EXPECT_THAT(options, HasSubstr("noexec"));
    EXPECT_THAT(options, HasSubstr("nosuid,nodev"));
    EXPECT_THAT(options, HasSubstr("uid=7,gid=8"));
    sum += std::stoull(options.substr(options.find("size=") + 5));
  }
  EXPECT_LE(sum, kDisk);
  EXPECT_GT(sum, kDisk - (1U << 16));
}

TEST(Environment, TheImagesPathUnlessThePolicySetsIt) {
  const GuestSurroundings guest{"/home/a", "7", "/srv/job"};
  const std::vector<std::string> image = {"PATH=/go/bin:/bin", "GO=1", "HOME=/go", "LANG=C"};
  const char* const caller[] = {"SECRET=x", "PATH=/evil", nullptr};
  const auto plain = container_environment({}, guest, image, caller);
  ASSERT_TRUE(plain);
  EXPECT_THAT(*plain, Contains("PATH=/go/bin:/bin"));
  EXPECT_THAT(*plain, Contains("GO=1"));
  EXPECT_THAT(*plain, Contains("HOME=/home/a"));
  EXPECT_THAT(*plain, Contains("LANG=C"));
  for (const std::string& entry : *plain) EXPECT_FALSE(entry.starts_with("SECRET"));

  const auto set =
      container_environment({.pass = {}, .set = {{"PATH", "/mine"}}}, guest, image, caller);
  ASSERT_TRUE(set);
  EXPECT_THAT(*set, Contains("PATH=/mine"));
  const auto before =
      container_environment({.pass = {}, .set = {}, .path = {"/pack/bin"}}, guest, image, caller);
  ASSERT_TRUE(before);
  EXPECT_THAT(*before, Contains("PATH=/pack/bin:/go/bin:/bin"));
}

}  // namespace
}  // namespace cordon::docker
