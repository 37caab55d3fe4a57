#include "linux/foreign_groups.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

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

TEST(Count, WhatTheKernelWroteDown) {
  char name[] = "/tmp/cordon-test-groups-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  const auto put = [&](const char* file, const char* text) {
    std::ofstream(folder + "/" + file) << text;
  };
  put("io.stat", "8:0 rbytes=4096 wbytes=100 rios=1\n253:0 rbytes=1 wbytes=23 rios=2\n");
  put("cpu.stat", "usage_usec 7\n");
  put("memory.peak", "8192\n");
  put("memory.events", "oom 1\noom_kill 2\n");
  put("pids.events", "max 3\n");
  const Counted counted = count({.memory = folder, .cpu = folder, .pids = folder, .v2 = true});
  std::filesystem::remove_all(folder);
  EXPECT_EQ(counted.usage.io_read_bytes, 4097U);
  EXPECT_EQ(counted.usage.io_write_bytes, 123U);
  EXPECT_EQ(counted.usage.cpu_time_ns, 7000U);
  EXPECT_EQ(counted.usage.memory_peak_bytes, 8192U);
  EXPECT_EQ(counted.kills_for_memory, 2U);
  EXPECT_EQ(counted.refused_processes, 3U);
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
