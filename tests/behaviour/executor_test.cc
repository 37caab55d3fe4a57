// The library in a process of the user's own: threads, many at a time, a large heap, and no
// surprise.
#include "cordon/executor.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>

#include "support/leftovers.h"
#include "support/paths.h"
#include "support/program.h"
#include "support/skip.h"
#include "support/temp_dir.h"

namespace cordon::test {
namespace {

using namespace std::chrono_literals;

class InProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<Executor> created = Executor::create();
    if (!created) CORDON_SKIP("the native backend cannot run here: " + created.error().message());
    executor_ = std::make_unique<Executor>(std::move(*created));
    temp_ = std::make_unique<TempDir>(geteuid());
    make_dir(*temp_ / "work");
    guest_ = *temp_ / "guest";
    copy_program(guest_program(), guest_);
  }

  ExecutionRequest request(std::string command, std::vector<std::string> args = {}) const {
    ExecutionRequest result;
    result.command = std::move(command);
    result.args = std::move(args);
    result.work_dir = *temp_ / "work";
    result.policy.filesystem.push_back({Access::Read, guest_, "test"});
    // Without cgroups some limits are partial; what these tests look at is not.
    if (geteuid() != 0) result.weaker_guarantees = WeakerGuarantees::Accept;
    return result;
  }

  ExecutionResult run(const ExecutionRequest& what, std::stop_token stop = {}) {
    Result<ExecutionResult> result = executor_->execute(what, std::move(stop));
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result ? std::move(*result) : ExecutionResult{};
  }

  bool is_running(const std::string& id) const {
    const Result<ExecutionResult> state = executor_->status(id);
    return state && state->status == ExecutionStatus::Running;
  }

  std::unique_ptr<Executor> executor_;
  std::unique_ptr<TempDir> temp_;
  std::string guest_;
};

TEST_F(InProcess, ExecuteReturnsWhatTheCommandDid) {
  const ExecutionResult result = run(request("sh", {"-c", "echo out; echo err >&2; exit 3"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.stdout_data, "out\n");
  EXPECT_EQ(result.stderr_data, "err\n");
  EXPECT_FALSE(result.id.empty());
  EXPECT_EQ(result.backend, "native");
  EXPECT_GT(result.duration, 0ns);
  EXPECT_LE(result.start_time, result.end_time);
  EXPECT_TRUE(result.resource_usage);
  EXPECT_FALSE(result.guarantees.empty());
}

TEST_F(InProcess, StdinIsGivenAndEnds) {
  ExecutionRequest cat = request("cat");
  cat.stdin_data = std::string(300'000, 'x') + "end";
  const ExecutionResult result = run(cat);
  EXPECT_TRUE(result.stdout_data == cat.stdin_data) << result.stdout_data.size();
}

TEST_F(InProcess, SinksHearTheOutputLive) {
  ExecutionRequest waiting = request(guest_, {"pause_forever"});
  std::stop_source stop;
  std::string heard;
  waiting.on_stdout = [&](std::string_view bytes) {
    heard += bytes;
    stop.request_stop();  // only a live sink can end a command that never ends by itself
    return true;
  };
  const ExecutionResult result = run(waiting, stop.get_token());
  EXPECT_EQ(heard.substr(0, 5), "ready");
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
}

TEST_F(InProcess, ASinkThatIsGoneEndsTheSandbox) {
  ExecutionRequest endless = request("yes");
  endless.on_stdout = [](std::string_view) { return false; };
  const ExecutionResult result = run(endless);
  EXPECT_NE(result.status, ExecutionStatus::Completed);
  EXPECT_NE(result.exit_code, 0);
}

TEST_F(InProcess, AStopRequestKills) {
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const ExecutionResult result = run(request(guest_, {"ignore_term"}), stop.get_token());
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_EQ(result.exit_code, 137);
  EXPECT_FALSE(result.error.empty());
}

TEST_F(InProcess, AStopBeforeTheStartRunsNothing) {
  std::stop_source stop;
  stop.request_stop();
  const ExecutionResult result = run(request("touch", {"ran"}), stop.get_token());
  EXPECT_EQ(result.status, ExecutionStatus::Killed);
  EXPECT_NE(result.exit_code, 0);
}

TEST_F(InProcess, TheDeadlineIsKept) {
  ExecutionRequest sleeper = request(guest_, {"ignore_term"});
  sleeper.policy.limits.timeout = 200ms;
  const ExecutionResult result = run(sleeper);
  EXPECT_EQ(result.status, ExecutionStatus::Timeout);
  EXPECT_EQ(result.exit_code, 124);
  EXPECT_EQ(result.limit_hit, LimitKind::Time);
}

TEST_F(InProcess, StartStatusKillWait) {
  const Result<std::string> id = executor_->start(request(guest_, {"pause_forever"}));
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_TRUE(eventually([&] { return is_running(*id); }));
  EXPECT_TRUE(executor_->kill(*id));
  const Result<ExecutionResult> result = executor_->wait(*id);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, ExecutionStatus::Killed);
  EXPECT_EQ(result->exit_code, 137);
  EXPECT_EQ(result->id, *id);
  EXPECT_TRUE(executor_->kill(*id)) << "killing what has ended is a success";
  EXPECT_EQ(executor_->status(*id)->status, ExecutionStatus::Killed);
}

TEST_F(InProcess, AFinishedExecutionKeepsItsResultUntilCleanup) {
  const Result<std::string> id = executor_->start(request("echo", {"kept"}));
  ASSERT_TRUE(id);
  EXPECT_EQ(executor_->wait(*id)->stdout_data, "kept\n");
  EXPECT_EQ(executor_->status(*id)->stdout_data, "kept\n");
  executor_->cleanup();
  const Result<ExecutionResult> forgotten = executor_->status(*id);
  ASSERT_FALSE(forgotten);
  EXPECT_EQ(forgotten.error().code, ErrorCode::NotFound);
}

TEST_F(InProcess, UnknownIdsAreNotFound) {
  EXPECT_EQ(executor_->status("no-such-id").error().code, ErrorCode::NotFound);
  EXPECT_EQ(executor_->wait("no-such-id").error().code, ErrorCode::NotFound);
  EXPECT_EQ(executor_->kill("no-such-id").error().code, ErrorCode::NotFound);
}

TEST_F(InProcess, CleanupKillsWhatRuns) {
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    const Result<std::string> id = executor_->start(request(guest_, {"ignore_term"}));
    ASSERT_TRUE(id);
    ids.push_back(*id);
  }
  EXPECT_TRUE(eventually([&] { return is_running(ids.back()); }));
  executor_->cleanup();
  EXPECT_TRUE(processes_running(guest_).empty());
}

TEST_F(InProcess, TheDestructorKillsWhatRuns) {
  const Result<std::string> id = executor_->start(request(guest_, {"ignore_term"}));
  ASSERT_TRUE(id);
  EXPECT_TRUE(eventually([&] { return !processes_running(guest_).empty(); }));
  executor_.reset();
  EXPECT_TRUE(processes_running(guest_).empty());
}

TEST_F(InProcess, RequestsThatCannotBeCarriedOutFailAtOnce) {
  ExecutionRequest nowhere = request("true");
  nowhere.work_dir = "/no/such/directory";
  const Result<std::string> id = executor_->start(nowhere);
  ASSERT_FALSE(id);
  EXPECT_NE(id.error().message().find("/no/such/directory"), std::string::npos)
      << id.error().message();
  ExecutionRequest relative = request("true");
  relative.work_dir = "relative";
  EXPECT_EQ(executor_->start(relative).error().code, ErrorCode::InvalidArgument);
  ExecutionRequest magic = request("true");
  magic.backend = "magic";
  ASSERT_FALSE(executor_->start(magic));
  ExecutionRequest strong = request("true");
  strong.tier = Tier::Strong;
  ASSERT_FALSE(executor_->execute(strong)) << "a stronger tier than there is must be refused";
  ExecutionRequest tiny = request("true");
  tiny.policy.limits.memory_bytes = 1;
  EXPECT_EQ(executor_->start(tiny).error().code, ErrorCode::InvalidArgument);
  ExecutionRequest nul = request(std::string("tr\0ue", 5));
  EXPECT_FALSE(executor_->start(nul));
}

TEST_F(InProcess, AMissingCommandIsNotFound) {
  for (const char* command : {"no-such-command-anywhere", "/no/such/command"}) {
    const Result<ExecutionResult> result = executor_->execute(request(command));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::NotFound);
    EXPECT_NE(result.error().message().find(command), std::string::npos)
        << result.error().message();
  }
  const std::string data = *temp_ / "work/data";
  write_file(data, "just data\n");
  const Result<ExecutionResult> result = executor_->execute(request(data));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::PermissionDenied) << result.error().message();
}

TEST_F(InProcess, TheHostsEnvironmentStaysOut) {
  setenv("CORDON_TEST_HOST_SECRET", "hunter2", 1);
  EXPECT_EQ(run(request("env")).stdout_data.find("hunter2"), std::string::npos);
  unsetenv("CORDON_TEST_HOST_SECRET");
}

TEST_F(InProcess, SixteenAtATime) {
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 16; ++thread) {
      threads.emplace_back([&, thread] {
        for (int round = 0; round < 8; ++round) {
          const std::string word = std::to_string(thread) + "." + std::to_string(round);
          const Result<ExecutionResult> result =
              executor_->execute(request("sh", {"-c", "echo " + word + "; exit 5"}));
          if (result && result->stdout_data == word + "\n" && result->exit_code == 5) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 16 * 8);
}

TEST_F(InProcess, OthersForkingMeanwhileDoNotHoldAPipeOpen) {
  // A descriptor without close-on-exec would leak into these children and keep an output stream
  // open.
  std::atomic<bool> over = false;
  std::jthread forker([&] {
    while (!over) test::run({.argv = {"sleep", "0.2"}});
  });
  for (int i = 0; i < 10; ++i) EXPECT_EQ(run(request("echo", {"x"})).stdout_data, "x\n");
  over = true;
}

TEST_F(InProcess, AThreadMayEndAfterStarting) {
  // A death signal tied to the thread that forked would kill the command with the thread.
  std::string id;
  std::thread([&] {
    const Result<std::string> started =
        executor_->start(request("sh", {"-c", "sleep 0.3; echo survived"}));
    if (started) id = *started;
  }).join();
  const Result<ExecutionResult> result = executor_->wait(id);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->stdout_data, "survived\n");
}

TEST_F(InProcess, ALargeHostProcessIsNoObstacle) {
  constexpr std::size_t kSize = 1UL << 30;
  void* block = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (block == MAP_FAILED) CORDON_SKIP("this host has no gigabyte to spare");
  for (int i = 0; i < 5; ++i) {
    ExecutionRequest what = request("true");
    what.policy.limits.memory_bytes = 256 << 20;
    const ExecutionResult result = run(what);
    EXPECT_EQ(result.exit_code, 0);
    // A cgroup counts what was charged to the command, not what its caller had up to exec.
    const bool counted = std::ranges::any_of(result.guarantees, [](const Guarantee& one) {
      return one.name == guarantee::kMemoryLimit &&
             one.mechanism.find("cgroup") != std::string::npos;
    });
    if (counted) {
      EXPECT_LT(result.resource_usage->memory_peak_bytes, kSize / 2);
    }
  }
  munmap(block, kSize);
}

TEST_F(InProcess, ManyDescriptorsOfTheHostStayOut) {
  std::vector<UniqueFd> open;
  for (int i = 0; i < 500; ++i) open.emplace_back(dup(2));
  const ExecutionResult result = run(request(guest_, {"leaked_fds"}));
  EXPECT_EQ(result.exit_code, 0) << result.stdout_data;
}

TEST_F(InProcess, SignalDispositionsAndMasksOfTheHostStayOut) {
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  const ExecutionResult result =
      run(request("sh", {"-c", "grep -E 'Sig(Blk|Ign):' /proc/self/status"}));
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(result.stdout_data, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(InProcess, NothingIsLeftInTheHostProcess) {
  run(request("true"));
  const Leftovers before = count_leftovers(geteuid());
  for (int i = 0; i < 100; ++i) run(request("true"));
  // What an executor keeps ready does not grow with the number of runs.
  Leftovers after = count_leftovers(geteuid());
  EXPECT_LE(after.descriptors, before.descriptors + 16);
  EXPECT_EQ(after.zombies, before.zombies);
  EXPECT_EQ(after.mounts, before.mounts);
  executor_.reset();
  EXPECT_LE(count_leftovers(geteuid()).descriptors, before.descriptors);
}

TEST_F(InProcess, ManyFinishedExecutionsHaveManyIds) {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(run(request("true")).id);
  EXPECT_EQ(ids.size(), 50U);
}

// A host that can run nothing.
class NoBackend : public Backend {
 public:
  std::string_view name() const override { return "none"; }
  Tier tier() const override { return Tier::Light; }
  Capabilities capabilities() const override { return {}; }
  Result<void> supported() const override {
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "use the backend",
                                 .subject = "none",
                                 .sys_errno = 0,
                                 .detail = "it never works",
                                 .remedy = "use another one"});
  }
  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec&) override {
    return std::unexpected(supported().error());
  }
};

TEST(ExecutorWithoutBackend, SaysWhyAndRefuses) {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<NoBackend>());
  Executor executor(std::move(backends));
  EXPECT_FALSE(executor.is_supported());
  EXPECT_NE(executor.support_reason().find("it never works"), std::string::npos)
      << executor.support_reason();
  ExecutionRequest request;
  request.command = "true";
  request.work_dir = "/tmp";
  EXPECT_FALSE(executor.execute(request));
  EXPECT_FALSE(executor.start(request));
}

TEST(ExecutorWithoutBackend, EvenWithNone) {
  Executor executor(std::vector<std::unique_ptr<Backend>>{});
  EXPECT_FALSE(executor.is_supported());
  EXPECT_NE(executor.support_reason(), "");
}

}  // namespace
}  // namespace cordon::test
