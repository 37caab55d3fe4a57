#include "sandbox/bridged_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace cordon {
namespace {

class Ended final : public BridgedProcess {
 public:
  explicit Ended(bool file_sizes_bounded) : BridgedProcess({}, file_sizes_bounded) {}
  using BridgedProcess::end_of;
  int exit_fd() const override { return -1; }
  Result<ProcessEnd> wait() override { return ProcessEnd{}; }
  Result<void> signal(int) override { return {}; }
  void kill() override {}
  Result<void> resize(TerminalSize) override { return {}; }
};

linux_os::Counted counted(std::uint64_t kills, std::uint64_t refused) {
  return {.usage = {.cpu_time_ns = 7}, .kills_for_memory = kills, .refused_processes = refused};
}

TEST(BridgedProcess, AnExitIsWhatTheEngineSays) {
  const ProcessEnd end = Ended(true).end_of(3, counted(0, 0));
  EXPECT_EQ(WEXITSTATUS(end.wait_status), 3);
  EXPECT_EQ(end.limit_hit, std::nullopt);
  EXPECT_EQ(end.usage.cpu_time_ns, 7U);
}

TEST(BridgedProcess, WhatItDiedOfIsKnownOrGuessed) {
  EXPECT_EQ(Ended(true).end_of(139, counted(0, 0), SIGSEGV).wait_status, SIGSEGV);
  const int exited = (128 + SIGXFSZ) << 8;
  EXPECT_EQ(Ended(true).end_of(128 + SIGXFSZ, counted(0, 0), exited).limit_hit, std::nullopt);
}

TEST(BridgedProcess, ALimitThatWasHitIsNamed) {
  EXPECT_EQ(Ended(true).end_of(137, counted(1, 1)).limit_hit, LimitKind::Memory);
  EXPECT_TRUE(WIFSIGNALED(Ended(true).end_of(137, counted(1, 0)).wait_status));
  EXPECT_EQ(Ended(true).end_of(1, counted(0, 1)).limit_hit, LimitKind::Pids);
  EXPECT_EQ(Ended(true).end_of(128 + SIGXFSZ, counted(0, 0)).limit_hit, LimitKind::Disk);
  EXPECT_EQ(Ended(false).end_of(128 + SIGXFSZ, counted(0, 0)).limit_hit, std::nullopt);
  EXPECT_EQ(Ended(true).end_of(0, counted(0, 1)).limit_hit, LimitKind::Pids) << "it coped";
  EXPECT_EQ(Ended(true).end_of(137, counted(0, 0)).limit_hit, std::nullopt) << "killed by another";
}

}  // namespace
}  // namespace cordon
