#include "sandbox/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace cordon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int exited(int code) { return code << 8; }

ExecutionResult describe(const ProcessEnd& end,
                         const std::optional<Intervention>& intervention = {}) {
  ExecutionResult result;
  describe_end(end, intervention, result);
  return result;
}

TEST(DescribeEnd, AnExitIsTheCommandsOwn) {
  const auto fine = describe({.wait_status = exited(0), .usage = {}, .limit_hit = {}});
  EXPECT_EQ(fine.status, ExecutionStatus::Completed);
  EXPECT_EQ(fine.exit_code, 0);
  EXPECT_EQ(fine.error, "");
  const auto failed = describe({.wait_status = exited(3), .usage = {}, .limit_hit = {}});
  EXPECT_EQ(failed.status, ExecutionStatus::Failed);
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_FALSE(failed.signal);
  EXPECT_THAT(failed.error, HasSubstr("status 3"));
}

TEST(DescribeEnd, ASignalIs128PlusItsNumber) {
  for (const int status : {SIGSEGV, SIGSEGV | 0x80}) {  // without and with a core dump
    const auto result = describe({.wait_status = status, .usage = {}, .limit_hit = {}});
    EXPECT_EQ(result.status, ExecutionStatus::Failed);
    EXPECT_EQ(result.exit_code, 139);
    EXPECT_EQ(result.signal, SIGSEGV);
    EXPECT_THAT(result.error, HasSubstr("SIGSEGV"));
  }
}

TEST(DescribeEnd, OutOfMemoryIsToldApartFromAKill) {
  const auto result =
      describe({.wait_status = SIGKILL, .usage = {}, .limit_hit = LimitKind::Memory});
  EXPECT_EQ(result.status, ExecutionStatus::Failed);
  EXPECT_EQ(result.limit_hit, LimitKind::Memory);
  EXPECT_EQ(result.exit_code, 137);
  EXPECT_THAT(result.error, StartsWith("out of memory: "));
}

TEST(DescribeEnd, AnInterventionNeverReportsSuccess) {
  using Reason = Intervention::Reason;
  // The command may exit 0 in the very moment it is killed.
  const ProcessEnd end = {.wait_status = exited(0), .usage = {}, .limit_hit = {}};
  const auto timeout = describe(end, Intervention{Reason::Timeout, {}, "timed out"});
  EXPECT_EQ(timeout.status, ExecutionStatus::Timeout);
  EXPECT_EQ(timeout.exit_code, 124);
  EXPECT_EQ(timeout.limit_hit, LimitKind::Time);
  EXPECT_EQ(timeout.error, "timed out");
  for (const auto reason : {Reason::Stopped, Reason::Delivery}) {
    const auto killed = describe(end, Intervention{reason, {}, "why"});
    EXPECT_EQ(killed.status, ExecutionStatus::Killed);
    EXPECT_EQ(killed.exit_code, 137);
    EXPECT_EQ(killed.error, "why");
  }
  const auto limit = describe(end, Intervention{Reason::Limit, LimitKind::Disk, {}});
  EXPECT_EQ(limit.status, ExecutionStatus::Failed);
  EXPECT_EQ(limit.limit_hit, LimitKind::Disk);
  EXPECT_NE(limit.exit_code, 0);
  EXPECT_THAT(limit.error, StartsWith("out of disk space"));
}

}  // namespace
}  // namespace cordon
