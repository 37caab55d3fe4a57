#include "docker/podman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "docker/inside/protocol.h"
#include "docker/preset.h"

namespace cordon::docker {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

bool none_is_absent(const std::string& /*path*/) { return false; }

engine::HostConfig in_podmans_words(std::string_view cgroup_version = "2") {
  engine::ContainerConfig config;
  config.host = *hardened(FilteredBy::FirstProcess);
  run_first("/program", "/socket", config);
  engine::HostConfig& host = config.host;
  host.tmpfs = {{"/tmp", "rw,nosuid,nodev,noexec,size=4096,nr_inodes=9,mode=1777,uid=7,gid=7"},
                {"/srv/denied", "rw,nosuid,nodev,noexec,size=65536,mode=0111"}};
  engine::EngineInfo info;
  info.cgroup_version = cgroup_version;
  word_for_podman(info, config);
  return host;
}

TEST(Podman, TakesMasksAsOptions) {
  const auto host = in_podmans_words();
  EXPECT_THAT(host.security_options, Contains("no-new-privileges"));
  EXPECT_THAT(host.security_options, Not(Contains(HasSubstr("seccomp="))));
  ASSERT_THAT(host.security_options.back(), HasSubstr("mask=/proc/"));
  for (const char* const path : {"/proc/kcore", "/proc/kallsyms", "/proc/mtrr"}) {
    EXPECT_THAT(host.security_options.back() + ":", HasSubstr(std::string(path) + ":")) << path;
  }
  EXPECT_THAT(host.read_only_paths, ElementsAre("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"));
}

TEST(Podman, TakesAFilterAsAFile) {
  engine::ContainerConfig config;
  config.host = *hardened(FilteredBy::Engine);
  run_idle("/program", config);
  word_for_podman({}, config);
  const auto place = OwnPlace::make();
  ASSERT_TRUE(place) << place.error().message();
  ASSERT_TRUE(put_filter_into_file(*place, config.host));
  const std::string file = place->path(OwnPlace::kFilter);
  EXPECT_THAT(config.host.security_options, Contains("seccomp=" + file));
  std::ifstream written(file);
  std::string text;
  std::getline(written, text);
  EXPECT_THAT(text, HasSubstr("SCMP_ACT_ERRNO"));
}

TEST(Podman, TakesItsOwnOptionsOfScratch) {
  const auto host = in_podmans_words();
  ASSERT_EQ(host.tmpfs.size(), 4U);
  EXPECT_EQ(host.tmpfs[0].second, "rw,nosuid,nodev,noexec,size=4096,mode=1777,U,notmpcopyup");
  EXPECT_EQ(host.tmpfs[1].second, "rw,nosuid,nodev,noexec,size=65536,mode=0111,notmpcopyup");
  EXPECT_EQ(host.tmpfs[2].first, "/run");
  EXPECT_THAT(host.tmpfs[2].second, HasSubstr("ro,"));
  EXPECT_EQ(host.tmpfs[3].first, "/var/tmp");
}

TEST(Podman, MakesNoControlGroupNamespaceWithV1) {
  EXPECT_EQ(in_podmans_words("1").cgroupns_mode, "host");
  EXPECT_EQ(in_podmans_words("2").cgroupns_mode, "private");
}

TEST(Podman, IsLookedAtOrRunsNothing) {
  engine::EngineInfo info;
  engine::ContainerConfig config;
  config.command = {"true"};
  EXPECT_FALSE(check_can_be_looked_at(info, config));
  run_first("/program", "/socket", config);
  EXPECT_TRUE(check_can_be_looked_at(info, config));
  info.security_options = {"name=rootless"};
  EXPECT_FALSE(check_can_be_looked_at(info, config));
  info.security_options.clear();
  config.host.runtime = "runsc";
  EXPECT_FALSE(check_can_be_looked_at(info, config));
}

TEST(Podman, SaysTheSameInOtherWords) {
  engine::ContainerConfig asked;
  asked.host = in_podmans_words("1");
  engine::Container given;
  given.config = asked;
  engine::HostConfig& host = given.config.host;
  host.cap_drop = {"CHOWN", "SETUID"};
  host.ipc_mode = "shareable";
  host.pid_mode = "private";
  host.cgroupns_mode = "";
  host.binds = {"/srv:/srv:rprivate"};
  host.masked_paths.clear();
  host.read_only_paths.clear();
  EXPECT_THAT(not_taken(asked, in_dockers_words({}, asked, given)), IsEmpty());
  host.ipc_mode = "host";
  EXPECT_THAT(not_taken(asked, in_dockers_words({}, asked, given)), ElementsAre("it shares IPC"));
  host.ipc_mode = "shareable";
  host.cap_drop.clear();
  EXPECT_EQ(not_taken(asked, in_dockers_words({}, asked, given)).size(), 1U);
}

TEST(Podman, ItsOwnVariablesAreNamed) {
  engine::ContainerConfig asked;
  asked.environment = {"A=1", "B=2"};
  engine::ContainerConfig given;
  given.environment = {"A=1", "B=3", "container=podman"};
  EXPECT_THAT(added_variables(asked, given), ElementsAre("B", "container"));
}

class Mounts : public ::testing::Test {
 protected:
  Mounts() {
    asked_.masked_paths = {"/proc/keys", "/proc/acpi", "/srv/a b"};
    asked_.read_only_paths = {"/proc/sys"};
    asked_.tmpfs = {{"/tmp", ""}};
    asked_.mounts = {{"/srv", "/srv", false}, {"/etc/x", "/etc/x", true}};
  }

  static constexpr std::string_view kWhole =
      "1 0 254:0 /root / ro,relatime - ext4 /dev/vda rw\n"
      "2 1 0:41 / /proc rw,nosuid - proc proc rw\n"
      "3 1 0:44 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw\n"
      "4 1 254:0 /srv /srv rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "5 1 254:0 /etc/x /etc/x ro,relatime - ext4 /dev/vda rw\n"
      "6 2 0:41 /sys /proc/sys ro,nosuid - proc proc rw\n"
      "7 2 0:46 /null /proc/keys rw,nosuid,noexec - tmpfs tmpfs rw\n"
      "8 2 0:50 / /proc/acpi ro,relatime - tmpfs tmpfs ro\n"
      "9 4 0:46 /null /srv/a\\040b rw,nosuid,noexec - tmpfs tmpfs rw\n"
      "10 1 0:46 / /dev rw,nosuid,noexec - tmpfs tmpfs rw\n";

  std::vector<std::string> open(std::string_view mountinfo) const {
    return open_in_mounts(mountinfo, asked_, none_is_absent);
  }

  engine::HostConfig asked_;
};

TEST_F(Mounts, ThatAreAllThereAreClosed) { EXPECT_THAT(open(kWhole), IsEmpty()); }

TEST_F(Mounts, EachThatIsMissingOrOpenIsNamed) {
  for (const auto& [from, to] : {
           std::pair("/ ro,relatime", "/ rw,relatime"),
           std::pair("/proc/keys", "/proc/elsewhere"),
           std::pair("/null /proc/keys", "/keys /proc/keys"),
           std::pair("/proc/acpi ro", "/proc/acpi rw"),
           std::pair("/proc/sys ro", "/proc/sys rw"),
           std::pair("/tmp rw,nosuid,nodev,noexec", "/tmp rw,nosuid,nodev"),
           std::pair("/etc/x ro", "/etc/x rw"),
           std::pair("a\\040b", "c"),
       }) {
    std::string changed(kWhole);
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    EXPECT_THAT(open(changed), Not(IsEmpty())) << to;
  }
}

TEST_F(Mounts, OnesThatNobodyAskedForAreNamed) {
  const std::string more = std::string(kWhole) + "11 1 0:45 / /run rw - tmpfs tmpfs rw\n";
  EXPECT_THAT(open(more), ElementsAre(HasSubstr("/run")));
  EXPECT_THAT(open(""), Not(IsEmpty()));
}

TEST_F(Mounts, WhatTheKernelHasNotNeedsNoMask) {
  asked_.masked_paths.emplace_back("/proc/not-there");
  EXPECT_THAT(open(kWhole), ElementsAre("/proc/not-there is open"));
  EXPECT_THAT(open_in_mounts(kWhole, asked_, is_absent_here), IsEmpty());
  asked_.masked_paths.back() = "/srv/not-there";
  EXPECT_THAT(open_in_mounts(kWhole, asked_, is_absent_here), Not(IsEmpty()));
}

TEST(Namespaces, OnesOwnAreShared) {
  engine::HostConfig asked;
  EXPECT_EQ(shared_namespaces(::getpid(), asked).size(), 5U);
  asked.cgroupns_mode = "private";
  EXPECT_EQ(shared_namespaces(::getpid(), asked).size(), 6U);
}

}  // namespace
}  // namespace cordon::docker
