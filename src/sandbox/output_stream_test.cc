// The ways a command's output takes, through the loop that drives them.
#include "sandbox/output_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "sandbox/supervise.h"
#include "sandbox/testing/fake_backend.h"

namespace cordon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::shell;

constexpr std::uint64_t kMega = 1 << 20;

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

std::string read_all(int fd) {
  std::string data;
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    data.append(buffer, static_cast<std::size_t>(got));
  }
  return data;
}

ExecutionResult finish(Process& process, const Supervision& supervision) {
  auto result = supervise(process, supervision);
  if (!result) {
    ADD_FAILURE() << result.error().message();
    return {};
  }
  return std::move(*result);
}

Supervision passing_to(int fd) {
  Supervision supervision;
  supervision.out.pass_to_fd = fd;
  return supervision;
}

UniqueFd temporary_file(int flags) {
  char path[] = "/tmp/cordon-output-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  UniqueFd opened(::open(path, O_RDWR | O_CLOEXEC | flags));
  ::unlink(path);
  return opened;
}

TEST(OutputStream, ABulkStreamPassesThroughWholeInFlatMemory) {
  Pipe pipe;
  const auto process = shell("yes 0123456789abcde | head -c 104857600");
  std::uint64_t received = 0;
  bool intact = true;
  std::jthread reader([&] {
    constexpr std::string_view kLine = "0123456789abcde\n";
    char buffer[65536];
    for (ssize_t got = 0; (got = ::read(pipe.read_end.get(), buffer, sizeof buffer)) > 0;) {
      for (ssize_t i = 0; i < got; i += 997) {
        intact = intact && buffer[i] == kLine[(received + i) % kLine.size()];
      }
      received += static_cast<std::uint64_t>(got);
    }
  });
  const auto before = resident_bytes();
  const auto result = finish(*process, passing_to(pipe.write_end.get()));
  const auto after = resident_bytes();
  pipe.write_end.reset();
  reader.join();
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_FALSE(result.stdout_truncated);
  EXPECT_EQ(received, 104857600U);
  EXPECT_TRUE(intact);
  EXPECT_LT(after, before + 16 * kMega);
}

TEST(OutputStream, ABulkStreamIsCapturedUpToTheLimitInFlatMemory) {
  const auto process = shell("yes | head -c 104857600; yes | head -c 10 >&2");
  Supervision supervision;
  supervision.out.keep_bytes = 64 << 10;
  supervision.err.keep_bytes = 64 << 10;
  const auto before = resident_bytes();
  const auto result = finish(*process, supervision);
  EXPECT_LT(resident_bytes(), before + 16 * kMega);
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(result.stdout_data.size(), 64U << 10);
  EXPECT_TRUE(result.stdout_truncated);
  EXPECT_FALSE(result.limit_hit);
  EXPECT_EQ(result.stderr_data.size(), 10U);
  EXPECT_FALSE(result.stderr_truncated);
}

TEST(OutputStream, KeepsTheBeginningWhileItPassesAllOn) {
  Pipe pipe;
  const auto process = shell("head -c 3000000 /dev/zero");
  std::string received;
  std::jthread reader([&] { received = read_all(pipe.read_end.get()); });
  auto supervision = passing_to(pipe.write_end.get());
  supervision.out.keep_bytes = 100'000;
  const auto result = finish(*process, supervision);
  pipe.write_end.reset();
  reader.join();
  EXPECT_EQ(received.size(), 3'000'000U);
  EXPECT_EQ(result.stdout_data.size(), 100'000U);
  EXPECT_TRUE(result.stdout_truncated);
}

TEST(OutputStream, TheOutputLimitIsExactDropsTheRestAndIsReported) {
  for (const std::uint64_t keep : {0, 1000}) {  // spliced, and copied first
    Pipe pipe;
    const auto process = shell("head -c 300000 /dev/zero; exit 0");
    std::string received;
    std::jthread reader([&] { received = read_all(pipe.read_end.get()); });
    auto supervision = passing_to(pipe.write_end.get());
    supervision.out.keep_bytes = keep;
    supervision.output_limit = 100'001;
    const auto result = finish(*process, supervision);
    pipe.write_end.reset();
    reader.join();
    EXPECT_EQ(received.size(), 100'001U);
    EXPECT_EQ(result.stdout_data.size(), keep);
    EXPECT_TRUE(result.stdout_truncated);
    EXPECT_FALSE(result.stderr_truncated);
    EXPECT_EQ(result.limit_hit, LimitKind::Output);
    EXPECT_EQ(result.status, ExecutionStatus::Completed);
  }
}

TEST(OutputStream, OutputOfExactlyTheLimitIsNotTruncated) {
  const auto process = shell("printf 12345");
  Supervision supervision;
  supervision.out.keep_bytes = 5;
  supervision.output_limit = 5;
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.stdout_data, "12345");
  EXPECT_FALSE(result.stdout_truncated);
  EXPECT_FALSE(result.limit_hit);
}

TEST(OutputStream, ReachesFilesAlsoOnesOpenedForAppending) {
  for (const int flags : {0, O_APPEND}) {
    const UniqueFd file = temporary_file(flags);
    const auto process = shell("seq 100000");
    const auto result = finish(*process, passing_to(file.get()));
    EXPECT_EQ(result.status, ExecutionStatus::Completed) << result.error;
    ::lseek(file.get(), 0, SEEK_SET);
    const std::string data = read_all(file.get());
    EXPECT_EQ(data.size(), 588'895U);
    EXPECT_TRUE(data.ends_with("\n100000\n"));
  }
}

TEST(OutputStream, ReachesASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  std::string received;
  std::jthread reader([&] { received = read_all(ours.get()); });
  const auto process = shell("seq 100000");
  const auto result = finish(*process, passing_to(theirs.get()));
  theirs.reset();
  reader.join();
  EXPECT_EQ(result.status, ExecutionStatus::Completed);
  EXPECT_EQ(received.size(), 588'895U);
}

TEST(OutputStream, AReaderThatDoesNotReadNeitherBlocksTheDeadlineNorLosesItsFlags) {
  for (const std::uint64_t keep : {std::uint64_t{0}, 100 * kMega}) {  // spliced, and copied
    Pipe pipe;
    const int flags = ::fcntl(pipe.write_end.get(), F_GETFL);
    const auto process = shell("yes");
    auto supervision = passing_to(pipe.write_end.get());
    supervision.out.keep_bytes = keep;
    supervision.timeout = 300ms;
    const auto result = finish(*process, supervision);
    EXPECT_EQ(result.status, ExecutionStatus::Timeout);
    EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETFL), flags);
  }
}

TEST(OutputStream, ASlowReaderStillGetsEverythingAfterTheCommandEnded) {
  for (const std::uint64_t keep : {0, 10}) {
    Pipe pipe;
    // Half stays in our reader's pipe, half in the command's own, and the command ends.
    const auto process = shell("head -c 100000 /dev/zero");
    std::string received;
    std::jthread reader([&] {
      pollfd exit = {.fd = process->exit_fd(), .events = POLLIN, .revents = 0};
      ::poll(&exit, 1, -1);
      std::this_thread::sleep_for(400ms);  // longer than any grace for a writer
      received = read_all(pipe.read_end.get());
    });
    auto supervision = passing_to(pipe.write_end.get());
    supervision.out.keep_bytes = keep;
    const auto result = finish(*process, supervision);
    pipe.write_end.reset();
    reader.join();
    EXPECT_EQ(result.status, ExecutionStatus::Completed);
    EXPECT_EQ(received.size(), 100'000U);
  }
}

TEST(OutputStream, AReaderThatStallsAfterTheCommandEndedMeetsTheTimeout) {
  Pipe pipe;
  const auto process = shell("head -c 100000 /dev/zero");
  auto supervision = passing_to(pipe.write_end.get());
  supervision.timeout = 500ms;
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Timeout);
  EXPECT_EQ(result.exit_code, 124);
  EXPECT_TRUE(result.stdout_truncated);
}

TEST(OutputStream, AReaderThatGoesAwayEndsTheSandboxWithoutASignalForTheHost) {
  for (const auto* script : {"sleep 1000", "yes"}) {
    struct sigaction before{};
    ::sigaction(SIGPIPE, nullptr, &before);
    Pipe pipe;
    const auto process = shell(script);
    pipe.read_end.reset();
    const auto result = finish(*process, passing_to(pipe.write_end.get()));
    EXPECT_EQ(result.status, ExecutionStatus::Killed);
    EXPECT_EQ(result.exit_code, 137);
    EXPECT_THAT(result.error, HasSubstr("reader is gone"));
    struct sigaction after{};
    ::sigaction(SIGPIPE, nullptr, &after);
    EXPECT_EQ(before.sa_handler, after.sa_handler);
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGPIPE), 0);
  }
}

TEST(OutputStream, AReaderThatGoesAwayWhileBytesAreOnTheWayEndsTheSandbox) {
  Pipe pipe;
  const auto process = shell("yes");
  std::jthread reader([&] {
    char buffer[100'000];
    for (int i = 0; i < 50; ++i) {
      if (::read(pipe.read_end.get(), buffer, sizeof buffer) <= 0) break;
    }
    pipe.read_end.reset();
  });
  const auto result = finish(*process, passing_to(pipe.write_end.get()));
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_THAT(result.error, HasSubstr("deliver stdout"));
}

TEST(OutputStream, AFullDiskEndsTheSandboxAndSaysSo) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto process = shell("echo lost; sleep 1000");
  const auto result = finish(*process, passing_to(full.get()));
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_THAT(result.error, HasSubstr("No space left on device"));
}

TEST(OutputStream, ASinkThatWantsNoMoreEndsTheSandbox) {
  const auto process = shell("yes");
  Supervision supervision;
  std::string seen;
  supervision.out.sink = [&](std::string_view bytes) {
    seen += bytes;
    return seen.size() < 100'000;
  };
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_GE(seen.size(), 100'000U);
  EXPECT_LT(seen.size(), 300'000U);
}

TEST(OutputStream, OneStuckStreamDoesNotHoldTheOther) {
  Pipe stuck;
  const auto process =
      shell("yes & i=0; while [ $i -lt 20 ]; do echo $i >&2; i=$((i+1)); done; wait");
  auto supervision = passing_to(stuck.write_end.get());
  std::string seen;
  supervision.err.sink = [&](std::string_view bytes) {
    seen += bytes;
    return !seen.ends_with("\n19\n");
  };
  const auto result = finish(*process, supervision);
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_THAT(seen, ::testing::EndsWith("\n19\n"));
}

}  // namespace
}  // namespace cordon
