#include "linux/foreign_groups.h"

#include <gtest/gtest.h>

namespace cordon::linux_os {
namespace {

TEST(ReadGroups, OfTheFirstGeneration) {
  const ControlGroups groups = read_groups(
      "9:name=systemd:/lxc.payload.cordon-1\n8:pids:/lxc.payload.cordon-1\n"
      "4:memory:/lxc.payload.cordon-1\n1:cpu,cpuacct:/lxc.payload.cordon-1\n"
      "0::/lxc.payload.cordon-1\n",
      "cordon-1");
  EXPECT_FALSE(groups.v2);
  EXPECT_EQ(groups.memory, "/sys/fs/cgroup/memory/lxc.payload.cordon-1");
  EXPECT_EQ(groups.pids, "/sys/fs/cgroup/pids/lxc.payload.cordon-1");
  EXPECT_EQ(groups.cpu, "/sys/fs/cgroup/cpu/lxc.payload.cordon-1");
}

TEST(ReadGroups, OfTheSecondWhereTheInitWentDeeper) {
  const ControlGroups groups = read_groups("0::/lxc.payload.box/init.scope\n", "box");
  EXPECT_TRUE(groups.v2);
  EXPECT_EQ(groups.memory, "/sys/fs/cgroup/lxc.payload.box");
}

TEST(ReadGroups, OfAnotherInstanceAreNobodys) {
  const ControlGroups groups = read_groups("4:memory:/user.slice\n0::/user.slice\n", "box");
  EXPECT_EQ(groups.memory, "");
  EXPECT_FALSE(memory_limit(groups));
  EXPECT_FALSE(pids_limit(groups));
  EXPECT_FALSE(cpus_limit(groups));
  EXPECT_EQ(count(groups).kills_for_memory, 0);
}

}  // namespace
}  // namespace cordon::linux_os
