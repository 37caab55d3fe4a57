#include "sandbox/supervise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "sandbox/testing/fake_backend.h"

namespace cordon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::shell;

constexpr std::uint64_t kMega = 1 << 20;

ExecutionResult finish(Process& process, const Supervision& supervision) {
  auto result = supervise(process, supervision);
  if (!result) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return std::move(*result);
}

Supervision keeping(std::uint64_t bytes) {
  Supervision supervision;
  supervision.out.keep_bytes = bytes;
  supervision.err.keep_bytes = bytes;
  return supervision;
}

TEST(Supervise, KeepsBothStreamsAndTheExitCode) {
  const auto process = shell("echo out; echo err >&2; exit 3");
  const auto result = finish(*process, keeping(kMega));
  EXPECT_EQ(result.status, ExecutionStatus::Failed);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.stdout_data, "out\n");
  EXPECT_EQ(result.stderr_data, "err\n");
  EXPECT_FALSE(result.stdout_truncated);
  EXPECT_FALSE(result.stderr_truncated);
  EXPECT_GT(result.duration, 0ns);
  EXPECT_GE(result.end_time, result.start_time);
  EXPECT_TRUE(result.resource_usage);
}

TEST(Supervise, ASignalThatTheCommandDiesOfIsItsOwnFailure) {
  const auto process = shell("kill -SEGV $$");
  const auto result = finish(*process, {});
  EXPECT_EQ(result.status, ExecutionStatus::Failed);
  EXPECT_EQ(result.exit_code, 139);
  EXPECT_EQ(result.signal, SIGSEGV);
}

TEST(Supervise, AGrandchildThatHoldsTheOutputDoesNotHoldTheResult) {
  const auto process = shell("sleep 1000 & echo done");
  const auto result = finish(*process, keeping(kMega));
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(result.stdout_data, "done\n");
  EXPECT_FALSE(result.stdout_truncated);
}

TEST(Supervise, AGrandchildThatFloodsTheOutputDoesNotHoldTheResult) {
  const auto process = shell("yes & exit 0");
  const auto result = finish(*process, keeping(1000));
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
}

TEST(Supervise, ATimeoutKillsAndIsNeverASuccess) {
  const auto process = shell("trap '' TERM INT; echo started; while :; do sleep 1000; done");
  auto supervision = keeping(kMega);
  supervision.timeout = 200ms;
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Timeout);
  EXPECT_EQ(result.exit_code, 124);
  EXPECT_EQ(result.limit_hit, LimitKind::Time);
  EXPECT_EQ(result.stdout_data, "started\n");
  EXPECT_THAT(result.error, HasSubstr("200ms"));
}

TEST(Supervise, AnEndlessTimeoutIsNone) {
  const auto process = shell("exit 0");
  Supervision supervision;
  supervision.timeout = std::chrono::nanoseconds::max();
  EXPECT_EQ(finish(*process, supervision).status, ExecutionStatus::Completed);
}

TEST(Supervise, AStopRequestKills) {
  const auto process = shell("echo started; sleep 1000");
  std::stop_source stop;
  auto supervision = keeping(kMega);
  supervision.stop = stop.get_token();
  // From another thread, once the command is known to run.
  std::jthread stopper;
  supervision.out.sink = [&](std::string_view) {
    stopper = std::jthread([&] { stop.request_stop(); });
    return true;
  };
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_EQ(result.exit_code, 137);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(Supervise, AStopRequestedBeforeKillsAtOnce) {
  const auto process = shell("sleep 1000");
  std::stop_source stop;
  stop.request_stop();
  Supervision supervision;
  supervision.stop = stop.get_token();
  EXPECT_EQ(finish(*process, supervision).status, ExecutionStatus::Killed);
}

TEST(Supervise, ACrossedLimitKillsAndIsReported) {
  const auto process = shell("sleep 1000");
  process->limit_after = 3;
  const auto result = finish(*process, {});
  EXPECT_EQ(process->limit_polls, 3);
  EXPECT_EQ(result.status, ExecutionStatus::Failed);
  EXPECT_EQ(result.limit_hit, LimitKind::Disk);
  EXPECT_NE(result.exit_code, 0);
}

TEST(Supervise, OutOfMemoryIsAFailureWithItsReason) {
  const auto process = shell("kill -KILL $$", StdinSource::Empty,
                             [](ProcessEnd& end) { end.limit_hit = LimitKind::Memory; });
  const auto result = finish(*process, {});
  EXPECT_EQ(result.status, ExecutionStatus::Failed);
  EXPECT_EQ(result.limit_hit, LimitKind::Memory);
  EXPECT_THAT(result.error, ::testing::StartsWith("out of memory: "));
}

TEST(Supervise, WakesTheCallerForItsDescriptor) {
  const auto process =
      shell("trap 'echo told; exit 0' USR1; echo ready; while :; do sleep 0.01; done");
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  auto supervision = keeping(kMega);
  supervision.wake_fd = event.get();
  supervision.out.sink = [&](std::string_view bytes) {
    return bytes != "ready\n" || ::eventfd_write(event.get(), 1) == 0;
  };
  supervision.on_wake = [&](Process& woken) {
    eventfd_t count = 0;
    ::eventfd_read(event.get(), &count);
    EXPECT_TRUE(woken.signal(SIGUSR1));
  };
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(result.stdout_data, "ready\ntold\n");
}

TEST(SuperviseStdin, BytesGoThroughInBothDirectionsAtOnce) {
  std::string data;
  while (data.size() < 10 * kMega) data += "line " + std::to_string(data.size()) + "\n";
  const auto process = shell("cat", StdinSource::Pipe);
  auto supervision = keeping(2 * data.size());
  supervision.stdin_data = data;
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_TRUE(result.stdout_data == data);
}

TEST(SuperviseStdin, ADescriptorIsCopiedUntilItEnds) {
  char path[] = "/tmp/cordon-stdin-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  ::unlink(path);
  const std::string data(3 * kMega + 17, 'z');
  ASSERT_EQ(::write(file.get(), data.data(), data.size()), static_cast<ssize_t>(data.size()));
  ::lseek(file.get(), 0, SEEK_SET);
  const auto process = shell("wc -c", StdinSource::Pipe);
  auto supervision = keeping(kMega);
  supervision.stdin_from_fd = file.get();
  EXPECT_EQ(std::stoul(finish(*process, supervision).stdout_data), data.size());
}

TEST(SuperviseStdin, NothingIsEndOfFile) {
  const auto process = shell("cat; echo end", StdinSource::Pipe);
  EXPECT_EQ(finish(*process, keeping(kMega)).stdout_data, "end\n");
  EXPECT_EQ(process->stdin_closes, 1);
}

TEST(SuperviseStdin, ACommandThatStopsReadingHarmsNobody) {
  const std::string data(10 * kMega, 'x');
  const auto process = shell("head -c 1; exec <&-; echo", StdinSource::Pipe);
  auto supervision = keeping(kMega);
  supervision.stdin_data = data;
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(result.stdout_data, "x\n");
}

TEST(SuperviseStdin, ASilentSourceDoesNotKeepACommandThatEnded) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const auto process = shell("echo hi", StdinSource::Pipe);
  auto supervision = keeping(kMega);
  supervision.stdin_from_fd = read_end.get();
  EXPECT_EQ(finish(*process, supervision).stdout_data, "hi\n");
}

TEST(SuperviseTerminal, BothDirectionsAreOneDescriptor) {
  const auto process =
      shell("stty -echo; echo ready; cat; echo end", StdinSource::Pipe, {}, TerminalSize{});
  auto supervision = keeping(kMega);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  supervision.stdin_from_fd = read_end.get();
  // The end of the input is typed where a pipe would be closed, in the middle of a line too.
  supervision.out.sink = [&](std::string_view) {
    if (write_end.valid()) EXPECT_EQ(::write(write_end.get(), "one\ntwo", 7), 7);
    write_end.reset();
    return true;
  };
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(result.stdout_data, "ready\r\none\r\ntwoend\r\n");
}

}  // namespace
}  // namespace cordon
