#include "cli/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "cli/exit_status.h"

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string notice(LimitKind kind, std::optional<int> signal, const Limits& limits) {
  ExecutionResult result;
  result.limit_hit = kind;
  result.signal = signal;
  return limit_notice(result, limits);
}

TEST(LimitNotice, NamesTheLimitAndItsOption) {
  Limits limits;
  limits.memory_bytes = 512ULL << 20;
  limits.timeout = 90s;
  limits.pids = 64;
  EXPECT_EQ(notice(LimitKind::Memory, 9, limits),
            "the command was stopped: it reached the memory limit of 512 MiB (--memory)");
  EXPECT_THAT(notice(LimitKind::Memory, {}, limits), HasSubstr("a process of the command"));
  EXPECT_EQ(notice(LimitKind::Time, 9, limits),
            "the command was stopped: it reached the time limit of 1m30s (--timeout)");
  EXPECT_THAT(notice(LimitKind::Pids, {}, limits), HasSubstr("limit of 64 (--pids)"));
  EXPECT_THAT(notice(LimitKind::Disk, 25, limits), HasSubstr("--disk"));
  EXPECT_THAT(notice(LimitKind::Output, {}, limits), HasSubstr("--output-limit"));
}

TEST(LimitNotice, SaysNothingWithoutALimit) { EXPECT_EQ(limit_notice({}, {}), ""); }

Error exec_failure(int error_number) { return system_error("exec", "prog", error_number); }

TEST(StartFailure, IsToldAsAShellDoes) {
  EXPECT_EQ(exit_status_of(exec_failure(ENOENT)), kExitNotFound);
  EXPECT_EQ(exit_status_of(exec_failure(EACCES)), kExitNotExecutable);
  EXPECT_EQ(exit_status_of(exec_failure(E2BIG)), kExitCannotRun);
  // Only the command: a missing mount point is Cordon's problem.
  EXPECT_EQ(exit_status_of(system_error("mount", "/x", ENOENT)), kExitCannotRun);
}

TEST(StartFailure, SaysWhatWouldHelp) {
  EXPECT_THAT(start_failure(exec_failure(ENOENT)), HasSubstr("prog: no such program"));
  EXPECT_THAT(start_failure(exec_failure(ENOENT)), HasSubstr("PATH"));
  EXPECT_THAT(start_failure(exec_failure(E2BIG)), HasSubstr("larger than the kernel takes"));
  EXPECT_THAT(start_failure(exec_failure(EACCES)), HasSubstr("prog: Permission denied"));
}

}  // namespace
}  // namespace cordon::cli
