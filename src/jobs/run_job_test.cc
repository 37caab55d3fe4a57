// A job on a backend without walls: what is above the Backend interface.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <thread>

#include "cordon/job.h"
#include "jobs/testing/directory.h"
#include "jobs/testing/tar_text.h"
#include "sandbox/testing/fake_backend.h"

namespace cordon {
namespace {

using jobs::testing::Directory;
using jobs::testing::tar_of;
using jobs::testing::TarEntry;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool readable(int fd) {
  pollfd now{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&now, 1, 0) == 1;
}

class RunJob : public ::testing::Test {
 protected:
  Job shell(const std::string& script) const {
    Job job;
    job.command = "/bin/sh";
    job.args = {"-c", script};
    job.staging_root = place_.path("jobs");
    return job;
  }

  Result<JobResult> run(const Job& job, std::stop_token stop = {}) {
    auto result = run_once(job, backend_, std::move(stop));
    EXPECT_EQ(backend_.living, 0) << "no sandbox is left";
    return result;
  }

  bool nothing_left() const {
    if (!std::filesystem::exists(place_.path("jobs"))) return true;
    for (const auto& entry : std::filesystem::directory_iterator(place_.path("jobs"))) {
      if (entry.is_directory()) return false;
    }
    return true;
  }

  Directory place_;
  testing::FakeBackend backend_;
};

TEST_F(RunJob, StreamsApartAndInOrder) {
  const auto result =
      run(shell("printf a; sleep 0.05; printf b >&2; sleep 0.05; printf c; exit 3"));
  ASSERT_TRUE(result) << result.error().message();
  const ExecutionResult& execution = result->execution;
  EXPECT_EQ(execution.status, ExecutionStatus::Failed);
  EXPECT_EQ(execution.exit_code, 3);
  EXPECT_EQ(execution.limit_hit, std::nullopt);
  EXPECT_EQ(execution.stdout_data, "ac");
  EXPECT_EQ(execution.stderr_data, "b");
  ASSERT_EQ(result->log.size(), 3U);
  EXPECT_EQ(result->log[1].stream, Stream::Stderr);
  EXPECT_EQ(result->reached, JobPhase::Ended);
  EXPECT_THAT(to_json(*result), HasSubstr(R"("log":[{"stream":"stdout","text":"a"},)"
                                          R"({"stream":"stderr","text":"b"})"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(RunJob, InputsAreThereAndArtifactsComeBack) {
  Job job = shell("");
  // The fake has no work directory of its own.
  job.id = "known";
  job.args = {"-c", "cd " + place_.path("jobs/known/work") + "; cat a/in.txt > out.txt"};
  job.input.tar_data = tar_of(TarEntry{.name = "a/in.txt", .content = "hello"});
  job.collect.patterns = {"out.txt", "none"};
  auto result = run(job);
  ASSERT_TRUE(result) << result.error().message();
  ASSERT_EQ(result->artifacts.size(), 1U);
  EXPECT_EQ(result->artifacts[0].content, "hello");
  EXPECT_THAT(result->missing, ElementsAre("none"));
  EXPECT_EQ(result->input_bytes, 5U);
  EXPECT_EQ(result->execution.id, "known");

  Directory source;
  std::filesystem::create_directory(source.path("a"));
  source.write("a/in.txt", "from a directory");
  std::filesystem::create_symlink("/etc/passwd", source.path("a/out"));
  job.input = {};
  job.input.directory = source.path();
  result = run(job);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->artifacts[0].content, "from a directory");
  ASSERT_EQ(result->input_left_out.size(), 1U);
  EXPECT_EQ(result->input_left_out[0].path, "a/out");
  EXPECT_TRUE(nothing_left());
}

TEST_F(RunJob, ABadInputRunsNothing) {
  Job job = shell("touch " + place_.path("ran"));
  job.input.tar_data = tar_of(TarEntry{.name = "../x", .content = "hello"});
  const auto result = run(job);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(result.error().message(), HasSubstr("../x"));
  EXPECT_NE(::access(place_.path("ran").c_str(), F_OK), 0);
  EXPECT_TRUE(nothing_left());
  job.input = {};
  ASSERT_TRUE(run(job));
  EXPECT_EQ(::access(place_.path("ran").c_str(), F_OK), 0) << "the control";
}

TEST_F(RunJob, TimeIsThatOfTheWholeJob) {
  Job job = shell("sleep 600");
  job.policy.limits.timeout = std::chrono::milliseconds(100);
  auto result = run(job);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->execution.status, ExecutionStatus::Timeout);
  EXPECT_EQ(result->execution.exit_code, 124);
  EXPECT_EQ(result->execution.error, "timed out after 100ms");

  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  job.input.tar_fd = read_end.get();
  result = run(job);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->execution.status, ExecutionStatus::Timeout);
  EXPECT_EQ(result->reached, JobPhase::Input);
  EXPECT_TRUE(nothing_left());
}

TEST_F(RunJob, CancelledWhileItRunsItStillCollects) {
  Job job = shell("");
  job.id = "known";
  const std::string work = place_.path("jobs/known/work");
  job.args = {"-c", "echo partial > " + work + "/out; echo ready; sleep 600"};
  job.collect.patterns = {"out"};
  std::stop_source stop;
  job.on_stdout = [&](std::string_view) { return stop.request_stop(); };
  const auto result = run(job, stop.get_token());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->execution.status, ExecutionStatus::Killed);
  ASSERT_EQ(result->artifacts.size(), 1U);
  EXPECT_EQ(result->artifacts[0].content, "partial\n");
  EXPECT_EQ(result->execution.stdout_data, "ready\n");
  EXPECT_TRUE(nothing_left());
}

TEST_F(RunJob, CancelledBeforeItRuns) {
  std::stop_source stop;
  stop.request_stop();
  Job job = shell("true");
  job.collect.patterns = {"out"};
  const auto result = run(job, stop.get_token());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->execution.status, ExecutionStatus::Killed);
  EXPECT_THAT(result->missing, ElementsAre("out"));
}

TEST_F(RunJob, AFullWorkDirectoryEndsIt) {
  Job job = shell("");
  job.id = "known";
  const std::string fill = "cd " + place_.path("jobs/known/work") +
                           "; i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero > f$i; "
                           "i=$((i+1)); done; ";
  job.args = {"-c", fill + "sleep 600"};
  job.policy.limits.disk_bytes = 4 << 20;
  const auto result = run(job);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->execution.status, ExecutionStatus::Failed);
  EXPECT_EQ(result->execution.limit_hit, LimitKind::Disk);
  job.policy.limits.disk_bytes = 1 << 30;
  job.args = {"-c", fill};
  const auto control = run(job);
  ASSERT_TRUE(control);
  EXPECT_EQ(control->execution.status, ExecutionStatus::Completed);
}

TEST_F(RunJob, ATruncatedLogIsFlagged) {
  Job job = shell("head -c 100000 /dev/zero");
  job.policy.limits.output_bytes = 1000;
  const auto result = run(job);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->execution.stdout_truncated);
  EXPECT_EQ(result->execution.limit_hit, LimitKind::Output);
  EXPECT_EQ(result->log[0].bytes, result->execution.stdout_data.size());
}

TEST_F(RunJob, ArtifactsThatCannotBeWrittenHideNoResult) {
  Job job = shell("");
  job.id = "known";
  job.args = {"-c", "echo x > " + place_.path("jobs/known/work/out") + "; exit 3"};
  job.collect.patterns = {"out"};
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd write_end(ends[1]);
  ::close(ends[0]);
  job.collect.tar_fd = write_end.get();
  const auto result = run(job);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->execution.exit_code, 3);
  EXPECT_FALSE(result->artifacts_complete);
  EXPECT_THAT(result->collect_error, HasSubstr("artifacts"));
}

// A pipe that nobody reads, and more than fits.
TEST_F(RunJob, AReaderThatDoesNotReadIsNotWaitedForLonger) {
  Job job = shell("true");
  job.input.tar_data = tar_of(TarEntry{.name = "out", .content = std::string(1'000'000, 'x')});
  job.collect.patterns = {"out"};
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  job.collect.tar_fd = write_end.get();
  job.policy.limits.timeout = std::chrono::seconds(2);
  const auto late = run(job);
  ASSERT_TRUE(late) << late.error().message();
  EXPECT_EQ(late->execution.status, ExecutionStatus::Completed);
  EXPECT_EQ(late->execution.limit_hit, LimitKind::Time);
  EXPECT_THAT(late->collect_error, HasSubstr("nobody reads"));
  EXPECT_TRUE(nothing_left());

  job.policy.limits.timeout = std::chrono::minutes(10);
  std::array<char, 1 << 16> room{};
  while (readable(read_end.get())) ASSERT_GT(::read(read_end.get(), room.data(), room.size()), 0);
  std::stop_source stop;
  // The first bytes of the tar: the job collects.
  const std::jthread stops([&] {
    pollfd wait{.fd = read_end.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, -1) == 1) stop.request_stop();
  });
  const auto stopped = run(job, stop.get_token());
  ASSERT_TRUE(stopped) << stopped.error().message();
  EXPECT_EQ(stopped->execution.status, ExecutionStatus::Completed);
  EXPECT_EQ(stopped->execution.limit_hit, std::nullopt);
  EXPECT_THAT(stopped->collect_error, HasSubstr("cancelled"));
  EXPECT_TRUE(nothing_left());
}

TEST_F(RunJob, LiveOutputThatNobodyReadsKeepsNoDeadline) {
  Job job = shell("while :; do echo 0123456789; done");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  job.stdout_fd = write_end.get();
  job.policy.limits.timeout = std::chrono::seconds(2);
  const auto result = run(job);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->execution.status, ExecutionStatus::Timeout);
  EXPECT_TRUE(readable(read_end.get())) << "the control";
}

TEST_F(RunJob, InputReachesTheCommand) {
  Job job = shell("cat");
  job.stdin_data = "typed";
  EXPECT_EQ(run(job)->execution.stdout_data, "typed");
}

TEST_F(RunJob, APatternShowsNoSocketThroughALink) {
  const auto shown = [&](const std::string& path) {
    Job job = shell("true");
    job.policy.filesystem = {{Access::Read, path, "--read"}};
    const auto result = run(job);
    return result ? "shown" : result.error().message();
  };
  std::filesystem::create_directory_symlink("/run", place_.path("link"));
  std::filesystem::create_directory(place_.path("plain"));
  EXPECT_THAT(shown(place_.path("lin?")), HasSubstr("root on this host"));
  EXPECT_EQ(shown(place_.path("plai?")), "shown") << "the control";
  if (std::filesystem::is_symlink("/var/run")) {
    EXPECT_THAT(shown("/var/r?n"), HasSubstr("root on this host"));
  }
  EXPECT_EQ(shown("a/../b"), "shown") << "the control: it stays in the work directory";
}

TEST_F(RunJob, WhatCannotBeIsRefusedBeforeAnything) {
  const auto refused = [&](const auto& change) {
    Job job = shell("true");
    change(job);
    const auto result = run(job);
    EXPECT_FALSE(std::filesystem::exists(place_.path("jobs")));
    return result ? "it ran" : result.error().message();
  };
  const auto shows = [](const std::string& path) {
    return [path](Job& job) { job.policy.filesystem = {{Access::Read, path, "--read"}}; };
  };
  EXPECT_THAT(refused(shows("/")), HasSubstr("whole file system"));
  EXPECT_THAT(refused(shows("/run/docker.sock")), HasSubstr("root on this host"));
  EXPECT_THAT(refused(shows("/run")), HasSubstr("root on this host"));
  EXPECT_THAT(refused(shows("/run/*")), HasSubstr("/run/*"));
  EXPECT_THAT(refused(shows("../../../../../run/docker.sock")), HasSubstr("leads out"));
  EXPECT_THAT(refused(shows("a/../../b")), HasSubstr("leads out"));
  EXPECT_THAT(refused([](Job& job) { job.id = "../x"; }), HasSubstr("name the job"));
  EXPECT_THAT(refused([](Job& job) { job.collect.patterns = {"/etc"}; }), HasSubstr("outside"));
  EXPECT_THAT(refused([](Job& job) { job.input.directory = "/"; }), HasSubstr("own copy"));
  EXPECT_THAT(refused([](Job& job) { job.begin_in = "a/../.."; }), HasSubstr("begin in"));
  EXPECT_THAT(refused([](Job& job) { job.begin_in = "/srv"; }), HasSubstr("begin in"));
  EXPECT_THAT(refused([](Job& job) {
                job.begin_in = "src";
                job.policy.required_guarantees = {"filesystem.write"};
              }),
              HasSubstr("begin in the whole copy"));
  EXPECT_THAT(refused([](Job& job) { job.command = ""; }), HasSubstr("no command"));
  EXPECT_THAT(refused([](Job& job) { job.policy.limits.pids = 0; }), HasSubstr("processes"));
  EXPECT_THAT(refused([](Job& job) { job.policy.limits.timeout = std::chrono::seconds(-1); }),
              HasSubstr("longer than zero"));
  EXPECT_THAT(refused([](Job& job) {
                job.input.directory = "/tmp";
                job.input.tar_data = "x";
              }),
              HasSubstr("one input"));
}

}  // namespace
}  // namespace cordon
