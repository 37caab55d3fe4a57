// Which arrangement is chosen, and what is said about it, on hosts that are a directory.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "linux/cgroup.h"
#include "linux/cgroup_reasons.h"
#include "linux/cgroup_trees.h"

namespace cordon::cgroup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CgroupDetect : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(host_.data()), nullptr);
    ASSERT_EQ(::chmod(host_.c_str(), 0755), 0);
    write("/proc/self/mountinfo", "");
    write("/proc/self/cgroup", "");
  }
  void TearDown() override { std::filesystem::remove_all(host_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = host_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // One v2 directory below /sys/fs/cgroup.
  void v2(const std::string& path, const std::string& controllers, const std::string& enabled,
          const std::string& procs, const std::string& type = "domain\n") const {
    const auto at = "/sys/fs/cgroup" + path;
    write(at + "/cgroup.controllers", controllers);
    write(at + "/cgroup.subtree_control", enabled);
    write(at + "/cgroup.procs", procs);
    write(at + "/cgroup.type", type);
    if (controllers.find("memory") != std::string::npos) write(at + "/memory.swap.max", "max\n");
  }
  void v1(const std::string& controller, const std::string& path) const {
    const auto at = "/sys/fs/cgroup/" + controller + path;
    write(at + "/cgroup.procs", "1\n");
    if (controller == "memory") write(at + "/memory.memsw.limit_in_bytes", "1\n");
  }
  void mount_v2(const std::string& own, const std::string& root = "/") const {
    write("/proc/self/mountinfo",
          "24 1 0:21 / /proc rw - proc proc rw\n30 24 0:26 " + root +
              " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    write("/proc/self/cgroup", "0::" + own + "\n");
  }
  Roots roots() const {
    return {host_ + "/sys/fs/cgroup", host_ + "/proc/self/cgroup", host_ + "/proc/self/mountinfo"};
  }
  Support support() const { return detect(roots())->support(); }

  std::string host_ = "/tmp/cordon-detect-XXXXXX";
};

// For the life of one object, an ordinary user who may write nothing below `host`.
class OrdinaryUser {
 public:
  explicit OrdinaryUser(std::string host) : host_(std::move(host)), was_(::geteuid()) {
    permit(std::filesystem::perm_options::remove);
    if (was_ == 0 && ::seteuid(4242) != 0) ADD_FAILURE() << "seteuid: " << errno;
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  ~OrdinaryUser() {
    if (::seteuid(was_) != 0) std::abort();
    permit(std::filesystem::perm_options::add);
  }

 private:
  void permit(std::filesystem::perm_options change) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(host_)) {
      std::filesystem::permissions(entry, std::filesystem::perms::owner_write, change);
    }
  }
  std::string host_;
  uid_t was_;
};

TEST_F(CgroupDetect, SaysSoWhenNothingIsMounted) {
  const auto hierarchy = detect(roots());
  EXPECT_FALSE(hierarchy->support().memory);
  EXPECT_THAT(hierarchy->support().reason, HasSubstr("mount -t cgroup2"));
  const auto group = hierarchy->create("x");
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, ErrorCode::Unsupported);
  hierarchy->sweep();
}

TEST_F(CgroupDetect, TakesTheNearestCgroupThatHasTheControllersOn) {
  v2("", "cpu io memory pids", "cpu io memory pids", "1\n");
  v2("/a", "cpu io memory pids", "cpu io memory pids", "");
  v2("/a/b", "cpu io memory pids", "", "77\n78\n");
  mount_v2("/a/b");
  const auto hierarchy = detect(roots());
  EXPECT_EQ(hierarchy->support().mechanism, "cgroup v2");
  EXPECT_TRUE(hierarchy->support().memory);
  EXPECT_TRUE(hierarchy->support().swap);
  EXPECT_TRUE(hierarchy->support().cpu);
  EXPECT_TRUE(hierarchy->support().pids);
  EXPECT_TRUE(hierarchy->support().io);
  EXPECT_EQ(hierarchy->support().reason, "");
  // What is made is made there (and is no cgroup: the directory is empty).
  EXPECT_FALSE(hierarchy->create("probe"));
  EXPECT_FALSE(std::filesystem::exists(host_ + "/sys/fs/cgroup/a/cordon-probe"));
}

TEST_F(CgroupDetect, GoesFurtherUpForAControllerThatIsMissingNearby) {
  v2("", "cpu memory pids", "cpu memory pids", "");
  v2("/a", "memory pids", "memory pids", "");
  v2("/a/b", "memory pids", "", "77\n");
  mount_v2("/a/b");
  EXPECT_TRUE(support().cpu);
  EXPECT_FALSE(support().io);
  EXPECT_THAT(support().reason, HasSubstr("io"));
}

TEST_F(CgroupDetect, SaysWhichControllerIsNotPassedOn) {
  v2("", "memory pids", "memory pids", "");
  mount_v2("/");
  EXPECT_TRUE(support().memory);
  EXPECT_FALSE(support().cpu);
  EXPECT_THAT(support().reason, HasSubstr("not given a controller for cpu, io"));
  write("/run/systemd/system/x", "");
  EXPECT_THAT(support().reason, HasSubstr("Delegate=cpu memory pids io"));
}

TEST_F(CgroupDetect, ExplainsTheRuleAboutProcessesInAContainer) {
  v2("", "cpu io memory pids", "", "1\n55\n");
  mount_v2("/");
  EXPECT_FALSE(support().memory);
  EXPECT_EQ(support().mechanism, "cgroup v2");
  EXPECT_THAT(support().reason, HasSubstr("holds processes"));
  EXPECT_THAT(support().reason, HasSubstr("mkdir " + host_ + "/sys/fs/cgroup/init"));
}

TEST_F(CgroupDetect, PassesOverThreadedCgroups) {
  v2("", "cpu io memory pids", "cpu io memory pids", "");
  v2("/a", "cpu pids", "cpu pids", "", "threaded\n");
  mount_v2("/a");
  EXPECT_TRUE(support().memory);
}

TEST_F(CgroupDetect, TellsAnOrdinaryUserWhatToAskFor) {
  v2("", "cpu io memory pids", "cpu io memory pids", "");
  v2("/session", "cpu io memory pids", "", "77\n");
  mount_v2("/session");
  const OrdinaryUser user(host_);
  const Support without = support();
  EXPECT_FALSE(without.memory);
  EXPECT_THAT(without.reason, HasSubstr("chown -R"));
}

TEST_F(CgroupDetect, NamesTheCommandForSystemd) {
  v2("", "cpu io memory pids", "cpu io memory pids", "");
  mount_v2("/");
  write("/run/systemd/system/x", "");
  const auto own = "/run/user/" + std::to_string(::geteuid() == 0 ? 4242 : ::geteuid());
  {
    const OrdinaryUser user(host_);
    EXPECT_THAT(support().reason, HasSubstr("enable-linger"));
  }
  write(own + "/systemd/private", "");
  const OrdinaryUser user(host_);
  EXPECT_THAT(support().reason,
              HasSubstr("systemd-run --user --scope -p Delegate=yes cordon run ..."));
}

TEST_F(CgroupDetect, TakesTheFirstGenerationOnAHybridHost) {
  for (const char* controller : {"cpu,cpuacct", "pids", "blkio"}) v1(controller, "");
  v1("memory", "/box/own");
  v2("/unified", "hugetlb", "", "1\n");
  write("/proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "37 31 0:34 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
        "38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
        "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  write("/proc/self/cgroup",
        "9:name=systemd:/\n8:pids:/\n7:blkio:/\n6:freezer:/\n4:memory:/box/own\n"
        "1:cpu,cpuacct:/\n0::/\n");
  const std::string bytes = "/sys/fs/cgroup/blkio/blkio.throttle.io_service_bytes_recursive";
  write(bytes, "Total 0\n");
  EXPECT_FALSE(support().io);
  EXPECT_THAT(support().reason, HasSubstr("io: this kernel"));
  write(bytes, "254:0 Read 1\n254:0 Total 1\nTotal 1\n");
  const Support found = support();
  EXPECT_EQ(found.mechanism, "cgroup v1");
  EXPECT_TRUE(found.memory && found.swap && found.cpu && found.pids && found.io);
  EXPECT_EQ(found.reason, "");
}

TEST_F(CgroupDetect, ReportsTheHierarchiesThatAreMissing) {
  v1("pids", "");
  write("/proc/self/mountinfo", "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n");
  write("/proc/self/cgroup", "8:pids:/\n");
  EXPECT_TRUE(support().pids);
  EXPECT_FALSE(support().memory);
  EXPECT_THAT(support().reason, HasSubstr("memory, cpu, io: no such hierarchy"));
  const OrdinaryUser user(host_);
  EXPECT_FALSE(support().pids);
  EXPECT_THAT(support().reason, HasSubstr("belong to root"));
}

TEST_F(CgroupDetect, FindsTheCallerBelowABindMount) {
  write("/proc/self/mountinfo",
        "35 31 0:32 /docker/abc /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory\n");
  write("/proc/self/cgroup", "4:memory:/docker/abc/job/1\n");
  const auto trees = find_trees(roots());
  ASSERT_EQ(trees.size(), 1U);
  EXPECT_EQ(trees[0].top, host_ + "/sys/fs/cgroup/mem ory");
  EXPECT_THAT(trees[0].ancestry, ElementsAre("job/1", "job", ""));

  write("/proc/self/cgroup", "4:memory:/docker/abcdef\n");
  EXPECT_THAT(find_trees(roots())[0].ancestry, ElementsAre());
  EXPECT_THAT(find_trees(roots())[0].hidden, HasSubstr("shows /docker/abc only"));
}

TEST_F(CgroupDetect, ExplainsAMountOfAnotherNamespace) {
  v2("", "cpu io memory pids", "cpu io memory pids", "");
  mount_v2("/", "/../../..");
  EXPECT_FALSE(support().memory);
  EXPECT_THAT(support().reason, HasSubstr("another cgroup namespace"));
}

TEST_F(CgroupDetect, PrefersTheMountThatShowsMostOfTheTree) {
  write("/proc/self/mountinfo",
        "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "31 1 0:26 /a/b /mnt/part rw - cgroup2 cgroup2 rw\n");
  write("/proc/self/cgroup", "0::/a/b\n");
  const auto trees = find_trees(roots());
  ASSERT_EQ(trees.size(), 1U);
  EXPECT_EQ(trees[0].top, host_ + "/sys/fs/cgroup");
  EXPECT_THAT(trees[0].ancestry, ElementsAre("a/b", "a", ""));
}

TEST_F(CgroupDetect, SurvivesNonsense) {
  write("/proc/self/mountinfo", "\n \n- - -\n1 2 3 4 5 - cgroup2\ncgroup cgroup2 cgroup\n");
  write("/proc/self/cgroup", "0\n:\n::\n\n0:memory");
  EXPECT_FALSE(support().memory);
}

TEST(CgroupReasons, AReadOnlyMountIsNamed) {
  Support support;
  Obstacles obstacles;
  obstacles.refusal = EROFS;
  obstacles.own = "/sys/fs/cgroup";
  EXPECT_THAT(reason_v2(support, obstacles), HasSubstr("/sys/fs/cgroup is mounted read-only"));
  EXPECT_THAT(reason_v1(support, obstacles), HasSubstr("mounted read-only"));
}

TEST(CgroupReasons, UncountedSwapIsNamed) {
  Support support;
  support.memory = support.cpu = support.pids = support.io = true;
  Obstacles obstacles;
  obstacles.site = "/sys/fs/cgroup/a";
  EXPECT_THAT(reason_v2(support, obstacles), HasSubstr("swapaccount=1"));
  support.swap = true;
  EXPECT_EQ(reason_v2(support, obstacles), "");
  EXPECT_EQ(reason_v1(support, obstacles), "");
}

}  // namespace
}  // namespace cordon::cgroup
