// Memory, processes, processor, disk, output: held, told apart, and reported as what they are.
#include <signal.h>

#include "support/callers.h"

namespace cordon::test {
namespace {

class LimitsOf : public EveryCaller {
 protected:
  // Where no cgroup can be had the limits are partial, and Cordon wants to hear that this is
  // accepted.
  Arguments with(Arguments options) const {
    if (caller() == Caller::User) options.emplace_back("--allow-degraded");
    return options;
  }

  // An attempt was stopped: the guest says so itself or was killed for it. An enforced limit is
  // also named as the reason.
  void expect_held(const boost::json::object& result, std::string_view guarantee,
                   std::string_view limit) const {
    const std::string shown = boost::json::serialize(result);
    EXPECT_EQ(text(result, "stdout").find("ESCAPED"), std::string::npos) << shown;
    EXPECT_NE(number(result, "exit_code"), 42) << shown;
    const std::string how = strength(result, guarantee);
    EXPECT_NE(how, "") << "no such guarantee: " << guarantee;
    EXPECT_NE(how, "absent") << shown;
    // One file at a time is all that can be held in a directory of the host's.
    if (caller() == Caller::Root && limit != "disk") EXPECT_EQ(how, "enforced") << shown;
    // A cgroup counts what it refused; an rlimit only refuses.
    if (mechanism(result, guarantee).find("cgroup") != std::string::npos || limit == "disk") {
      EXPECT_EQ(text(result, "limit_hit"), limit) << shown;
    }
  }
};

class GuardedLimitsOf : public LimitsOf {};

TEST_P(LimitsOf, MemoryOnTheHeap) {
  const boost::json::object result = json_guest(with({"--memory", "64M"}), {"memory_heap", "512"});
  expect_held(result, "memory.limit", "memory");
  if (text(result, "limit_hit") == "memory") {
    EXPECT_NE(number(result, "exit_code"), 0);
    EXPECT_NE(text(result, "error"), "");
  }
}

// What is reported is what was charged against the limit. The resident size of an interpreter at
// its limit is megabytes above it: its program and libraries are the page cache of somebody else.
TEST_P(LimitsOf, APeakIsNotAboveTheLimitThatHeld) {
  constexpr std::int64_t kLimit = 64 << 20;
  const boost::json::object result =
      json(with({"--memory", "64M"}),
           {"python3", "-c", "a = []\nwhile True: a.append(bytearray(1 << 20))"});
  EXPECT_NE(number(result, "exit_code"), 0) << boost::json::serialize(result);
  if (mechanism(result, "memory.limit").find("cgroup") == std::string::npos) return;
  const auto peak = number(result.at("resource_usage").as_object(), "memory_peak_bytes");
  EXPECT_GE(peak, kLimit / 2);
  // The kernel lets a process that it is killing go over by a few pages.
  EXPECT_LE(peak, kLimit + (1 << 20));
}

TEST_P(LimitsOf, MemoryInAMemfd) {
  const boost::json::object result = json_guest(with({"--memory", "64M"}), {"memory_memfd", "512"});
  if (strength(result, "memory.limit") == "enforced") {
    expect_held(result, "memory.limit", "memory");
  } else {
    EXPECT_NE(strength(result, "memory.limit"), "");
  }
}

TEST_P(LimitsOf, MemoryInThePrivateTemporaryDirectory) {
  const boost::json::object result =
      json(with({"--memory", "64M"}),
           {"sh", "-c", "exec " + guest() + " fill_file \"$TMPDIR/bomb\" 512"});
  if (strength(result, "memory.limit") == "enforced") {
    EXPECT_NE(number(result, "exit_code"), 42) << boost::json::serialize(result);
  }
}

TEST_P(LimitsOf, NegativeControlMemoryIsFreeWithoutALimit) {
  EXPECT_EQ(plain_guest({"memory_heap", "512"}).exit_code, 42);
  EXPECT_EQ(sandbox_guest(with({"--memory", "2G"}), {"memory_heap", "512"}).exit_code, 42);
}

TEST_P(LimitsOf, AnOomKillIsToldApartFromAKill) {
  const boost::json::object killed = json_guest(with({"--memory", "256M"}), {"die_by_signal", "9"});
  EXPECT_EQ(number(killed, "exit_code"), 128 + SIGKILL);
  EXPECT_EQ(text(killed, "limit_hit"), "") << boost::json::serialize(killed);
}

TEST_P(LimitsOf, ProcessesOfAForkBomb) {
  const boost::json::object result = json_guest(with({"--pids", "40"}), {"fork_bomb", "400"});
  expect_held(result, "pids.limit", "pids");
}

TEST_P(LimitsOf, ThreadsOfAThreadStorm) {
  expect_held(json_guest(with({"--pids", "40"}), {"thread_storm", "400"}), "pids.limit", "pids");
}

TEST_P(LimitsOf, NegativeControlForksAreFreeWithoutALimit) {
  EXPECT_EQ(plain_guest({"fork_bomb", "400"}).exit_code, 42);
  EXPECT_EQ(sandbox_guest(with({"--pids", "2000"}), {"fork_bomb", "400"}).exit_code, 42);
}

TEST_P(LimitsOf, TheDefaultsStopAForkBomb) {
  const Outcome outcome = sandbox_guest(with({}), {"fork_bomb", "20000"});
  EXPECT_NE(outcome.exit_code, 42) << describe(outcome);
  EXPECT_FALSE(outcome.lost_patience);
}

// Two threads for one second: a fifth of a core allows 0.2 s of processor time; twice that leaves
// room for the scheduler's periods. A machine busy with other things gives the control another try.
TEST_P(LimitsOf, ProcessorTime) {
  constexpr double kBound = 0.4;
  const auto used = [](const boost::json::object& result) {
    return std::strtod(text(result, "stdout").c_str() + 4, nullptr);
  };
  const boost::json::object tight = json_guest(with({"--cpus", "0.2"}), {"cpu_spin", "1000", "2"});
  if (strength(tight, "cpu.limit") != "enforced") {
    EXPECT_NE(caller(), Caller::Root) << boost::json::serialize(tight);
    return;
  }
  EXPECT_LT(used(tight), kBound);
  double most = 0;
  for (int attempt = 0; attempt < 10 && most < kBound; ++attempt) {
    most = std::max(most, used(json_guest(with({"--cpus", "2"}), {"cpu_spin", "1000", "2"})));
  }
  EXPECT_GT(most, kBound) << "without the limit it uses no more: the test proves nothing";
}

TEST_P(LimitsOf, DiskOfOneFileInTheWorkDirectory) {
  const boost::json::object result =
      json_guest(with({"--disk", "8M"}), {"fill_file", work() + "/large", "64"});
  expect_held(result, "disk.limit", "disk");
  const Outcome size = plain({"stat", "-c", "%s", work() + "/large"});
  EXPECT_LE(std::atol(size.out.c_str()), 8 << 20);
}

TEST_P(LimitsOf, DiskOfAnEndlesslySparseFile) {
  const boost::json::object result =
      json_guest(with({"--disk", "8M"}), {"sparse_file", work() + "/sparse", "1048576"});
  EXPECT_NE(number(result, "exit_code"), 42) << boost::json::serialize(result);
}

TEST_P(LimitsOf, DiskOfThePrivateDirectories) {
  if (caller() == Caller::Degraded) return;
  const boost::json::object result = json(
      with({"--disk", "8M", "--memory", "512M"}),
      {"sh", "-c",
       "for i in 1 2 3 4 5 6; do head -c 4M /dev/zero > /tmp/$i || exit 5; done; echo ESCAPED"});
  EXPECT_EQ(text(result, "stdout").find("ESCAPED"), std::string::npos)
      << boost::json::serialize(result);
}

TEST_P(LimitsOf, InodesOfThePrivateDirectories) {
  if (caller() == Caller::Degraded) return;
  const boost::json::object result = json_guest(with({"--disk", "8M", "--memory", "512M"}),
                                                {"inode_bomb", "/tmp/many", "2000000"});
  EXPECT_NE(number(result, "exit_code"), 42) << boost::json::serialize(result);
}

// The guard makes links for the command, and what it makes is not charged to it: the scratch space
// is no larger than the memory.
TEST_P(GuardedLimitsOf, LinksInThePrivateDirectoriesAreBoundedByTheMemory) {
  const auto links = [&](const Arguments& options) {
    const boost::json::object result =
        json(with(options), {"python3", "-c",
                             "import os\nn = 0\ntry:\n  while n < 40000:\n"
                             "    os.symlink('x' * 4000, f'/tmp/{n}')\n    n += 1\n"
                             "except OSError: pass\nprint(n)"});
    return std::atol(text(result, "stdout").c_str());
  };
  EXPECT_LE(links({"--memory", "64M"}), 64 << 20 >> 12);
  EXPECT_EQ(links({"--memory", "1G", "--disk", "1G"}), 40000);
}

TEST_P(LimitsOf, NegativeControlDiskIsFreeWithoutALimit) {
  EXPECT_EQ(plain_guest({"fill_file", work() + "/large", "64"}).exit_code, 42);
  EXPECT_EQ(plain_guest({"sparse_file", work() + "/sparse", "1024"}).exit_code, 42);
}

TEST_P(LimitsOf, OutputIsCutAndFlagged) {
  const boost::json::object result =
      json_guest(with({"--output-limit", "100K"}), {"flood", "1", "4"});
  EXPECT_EQ(text(result, "stdout").size(), 100U << 10);
  const boost::json::object& flags = result.at("truncated").as_object();
  EXPECT_TRUE(flags.at("stdout").as_bool());
  EXPECT_FALSE(flags.at("stderr").as_bool());
  EXPECT_EQ(text(result, "limit_hit"), "output");
  EXPECT_EQ(number(result, "exit_code"), 0) << "the command may go on: it is only no longer heard";
}

TEST_P(LimitsOf, OutputOfEachStreamCountsForItself) {
  const boost::json::object result =
      json_guest(with({"--output-limit", "100K"}), {"flood", "2", "1"});
  EXPECT_EQ(text(result, "stderr").size(), 100U << 10);
  EXPECT_TRUE(result.at("truncated").as_object().at("stderr").as_bool());
}

TEST_P(LimitsOf, OutputIsCutInAPassedStreamToo) {
  const Outcome outcome = sandbox_guest(with({"--output-limit", "100K"}), {"flood", "1", "4"});
  EXPECT_EQ(outcome.out.size(), 100U << 10);
}

TEST_P(LimitsOf, OutputWithinTheLimitIsWhole) {
  const boost::json::object result =
      json_guest(with({"--output-limit", "1M"}), {"flood", "1", "1"});
  EXPECT_EQ(text(result, "stdout").size(), 1U << 20);
  EXPECT_FALSE(result.at("truncated").as_object().at("stdout").as_bool());
  EXPECT_EQ(text(result, "limit_hit"), "");
}

TEST_P(LimitsOf, DescriptorsOfTheGuestAreItsOwn) {
  const Outcome outcome = sandbox_guest(with({}), {"fd_exhaust"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_FALSE(outcome.lost_patience);
}

TEST_P(LimitsOf, UsageIsReported) {
  const boost::json::object idle = json(with({}), {"true"});
  const boost::json::object busy =
      json(with({"--memory", "512M"}),
           {"sh", "-c", guest() + " cpu_spin 300 1; exec " + guest() + " memory_heap 96"});
  const boost::json::object& before = idle.at("resource_usage").as_object();
  const boost::json::object& after = busy.at("resource_usage").as_object();
  EXPECT_GT(number(before, "cpu_time_ns"), 0);
  EXPECT_GT(number(before, "memory_peak_bytes"), 0);
  EXPECT_GT(number(after, "cpu_time_ns"), number(before, "cpu_time_ns") + 20'000'000);
  EXPECT_GE(number(after, "memory_peak_bytes"), 96 << 20);
  EXPECT_LT(number(after, "memory_peak_bytes"), 512 << 20);
  EXPECT_GE(number(after, "io_read_bytes"), 0);
  EXPECT_GE(number(after, "io_write_bytes"), 0);
}

INSTANTIATE_TEST_SUITE_P(Native, GuardedLimitsOf, ::testing::Values(Caller::Root, Caller::User),
                         caller_name);
INSTANTIATE_TEST_SUITE_P(Native, LimitsOf, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
