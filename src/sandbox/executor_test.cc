#include "cordon/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "sandbox/testing/fake_backend.h"

namespace cordon {
namespace {

using testing::FakeBackend;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ExecutionRequest script(const std::string& text) {
  ExecutionRequest request;
  request.command = "/bin/sh";
  request.args = {"-c", text};
  request.work_dir = "/";
  return request;
}

struct Fixture {
  Fixture() : Fixture(std::make_unique<FakeBackend>()) {}
  explicit Fixture(std::unique_ptr<FakeBackend> one)
      : backend(one.get()), executor([&] {
          std::vector<std::unique_ptr<Backend>> backends;
          backends.push_back(std::move(one));
          return Executor(std::move(backends));
        }()) {}
  FakeBackend* backend;
  Executor executor;
};

Executor with(const std::vector<FakeBackend*>& list) {
  std::vector<std::unique_ptr<Backend>> backends;
  for (auto* backend : list) backends.emplace_back(backend);
  return Executor(std::move(backends));
}

TEST(Executor, ExecutesAndReportsEverything) {
  Fixture f;
  auto request = script("cat; echo err >&2; exit 7");
  request.stdin_data = "input";
  const auto result = f.executor.execute(request);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->status, ExecutionStatus::Failed);
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->stdout_data, "input");
  EXPECT_EQ(result->stderr_data, "err\n");
  EXPECT_EQ(result->id, f.backend->last_id());
  EXPECT_EQ(result->id.size(), 36U);
  EXPECT_EQ(result->backend, "fake");
  EXPECT_EQ(result->tier, Tier::Light);
  EXPECT_EQ(result->guarantees.size(), 1U);
  EXPECT_EQ(f.backend->living, 0);
  // Its caller has the result: it is not kept.
  EXPECT_EQ(f.executor.status(result->id).error().code, ErrorCode::NotFound);
}

TEST(Executor, KeepsEightMebibytesUnlessALimitSaysOtherwise) {
  Fixture f;
  auto request = script("head -c 9000000 /dev/zero");
  auto result = f.executor.execute(request);
  EXPECT_EQ(result->stdout_data.size(), 8U << 20);
  EXPECT_TRUE(result->stdout_truncated);
  EXPECT_FALSE(result->limit_hit);
  request.policy.limits.output_bytes = 1000;
  result = f.executor.execute(request);
  EXPECT_EQ(result->stdout_data.size(), 1000U);
  EXPECT_EQ(result->limit_hit, LimitKind::Output);
}

TEST(Executor, RefusesBadRequestsBeforeTheyReachABackend) {
  Fixture f;
  for (auto change : {+[](ExecutionRequest& r) { r.command = ""; },
                      +[](ExecutionRequest& r) { r.work_dir = "relative"; },
                      +[](ExecutionRequest& r) { r.args.emplace_back("a\0b", 3); }}) {
    auto request = script("true");
    change(request);
    EXPECT_EQ(f.executor.execute(request).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(f.executor.start(request).error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(f.backend->last_id(), "");
}

TEST(Executor, ACommandThatCannotBeStartedIsAnErrorOrAFailedExecution) {
  Fixture f;
  auto request = script("");
  request.command = "/no/such/command";
  EXPECT_EQ(f.executor.execute(request).error().code, ErrorCode::NotFound);
  const auto id = f.executor.start(request);
  ASSERT_TRUE(id);
  const auto result = f.executor.wait(*id);
  EXPECT_EQ(result->status, ExecutionStatus::Failed);
  EXPECT_EQ(result->exit_code, 127);
  EXPECT_THAT(result->error, HasSubstr("/no/such/command"));
}

TEST(Executor, StartsReportsAndKills) {
  Fixture f;
  const auto id = f.executor.start(script("echo hello; sleep 1000"));
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, f.backend->last_id());
  while (f.executor.status(*id)->status == ExecutionStatus::Pending) std::this_thread::yield();
  EXPECT_EQ(f.executor.status(*id)->status, ExecutionStatus::Running);
  EXPECT_EQ(f.executor.status(*id)->backend, "fake");
  EXPECT_TRUE(f.executor.kill(*id));
  const auto result = f.executor.wait(*id);
  EXPECT_EQ(result->status, ExecutionStatus::Killed);
  EXPECT_EQ(result->exit_code, 137);
  EXPECT_EQ(result->id, *id);
  EXPECT_TRUE(f.executor.kill(*id));
  EXPECT_EQ(f.executor.status(*id)->status, ExecutionStatus::Killed);
  EXPECT_EQ(f.backend->living, 0);
}

TEST(Executor, UnknownIdsAreNotFound) {
  Fixture f;
  EXPECT_EQ(f.executor.status("x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(f.executor.wait("x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(f.executor.kill("x").error().code, ErrorCode::NotFound);
}

TEST(Executor, CleanupKillsWaitsAndForgets) {
  Fixture f;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(*f.executor.start(script("sleep 1000")));
  ids.push_back(*f.executor.start(script("true")));
  std::jthread synchronous([&] {
    const auto result = f.executor.execute(script("sleep 1000"));
    EXPECT_EQ(result->status, ExecutionStatus::Killed);
  });
  while (f.backend->living < 6) std::this_thread::yield();
  f.executor.cleanup();
  EXPECT_LE(f.backend->living, 1);  // the synchronous one may have come after
  for (const auto& id : ids) EXPECT_FALSE(f.executor.status(id));
  // Until the synchronous execution is known to have been seen.
  while (f.backend->living > 0) f.executor.cleanup();
}

TEST(Executor, ItsEndKillsWhatStillRuns) {
  auto backend = std::make_unique<FakeBackend>();
  auto finished = std::make_shared<int>(0);
  const std::weak_ptr<int> sink_lives = finished;
  {
    Fixture f(std::move(backend));
    auto request = script("sleep 1000");
    request.on_stdout = [finished](std::string_view) { return true; };
    ASSERT_TRUE(f.executor.start(std::move(request)));
    finished.reset();
    Executor moved = std::move(f.executor);
  }
  EXPECT_TRUE(sink_lives.expired());
}

TEST(Executor, ForgetsTheOldestOfManyResults) {
  Fixture f;
  std::vector<std::string> ids;
  for (int i = 0; i < 1010; ++i) {
    ids.push_back(*f.executor.start(script("exit 0")));
    ASSERT_TRUE(f.executor.wait(ids.back()));
  }
  EXPECT_TRUE(f.executor.status(ids.back()));
  EXPECT_FALSE(f.executor.status(ids.front()));
  EXPECT_TRUE(f.executor.status(ids[100]));
}

TEST(Executor, ForgetsLargeResultsEarlier) {
  Fixture f;
  auto request = script("head -c 60000000 /dev/zero");
  request.policy.limits.output_bytes = 60'000'000;
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(*f.executor.start(request));
    ASSERT_TRUE(f.executor.wait(ids.back()));
  }
  EXPECT_TRUE(f.executor.status(ids.back()));
  EXPECT_FALSE(f.executor.status(ids.front()));
}

TEST(Executor, StatusKillWaitAndCleanupMayRace) {
  Fixture f;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const auto id = f.executor.start(script(i % 3 == 0 ? "exit 0" : "sleep 1000"));
        if (!id) continue;
        std::jthread killer([&] { (void)f.executor.kill(*id); });
        (void)f.executor.status(*id);
        if (t == 3 && i % 5 == 0) f.executor.cleanup();
        const auto result = f.executor.wait(*id);
        if (!result) continue;  // forgotten by a cleanup
        EXPECT_TRUE(result->status == ExecutionStatus::Killed ||
                    (i % 3 == 0 && result->status == ExecutionStatus::Completed));
      }
    });
  }
  threads.clear();
  f.executor.cleanup();
  EXPECT_EQ(f.backend->living, 0);
}

TEST(Executor, SelectsByNameThenByTierAndNeverAWeakerOne) {
  auto* gone = new FakeBackend("alpha", Tier::Light, "no alpha here");
  auto* light = new FakeBackend("beta", Tier::Light);
  auto* strong = new FakeBackend("gamma", Tier::Strong, "no /dev/kvm");
  const Executor executor = with({gone, light, strong});
  auto request = script("true");
  EXPECT_EQ(executor.select(request).value(), light);
  request.tier = Tier::Light;
  EXPECT_EQ(executor.select(request).value(), light);
  request.tier = Tier::Strong;
  EXPECT_THAT(executor.select(request).error().message(), HasSubstr("no /dev/kvm"));
  request.tier = Tier::Gvisor;
  auto error = executor.select(request).error();
  EXPECT_EQ(error.code, ErrorCode::Unsupported);
  EXPECT_THAT(error.message(), HasSubstr("alpha (light), beta (light), gamma (strong)"));
  request.tier = {};
  request.backend = "alpha";
  EXPECT_THAT(executor.select(request).error().message(), StartsWith("alpha: "));
  request.backend = "delta";
  error = executor.select(request).error();
  EXPECT_EQ(error.code, ErrorCode::InvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("gamma"));
  request.backend = "beta";
  request.tier = Tier::Strong;
  EXPECT_FALSE(executor.select(request));
}

TEST(Executor, SaysWhyItIsNotSupported) {
  EXPECT_TRUE(Fixture().executor.is_supported());
  EXPECT_EQ(Fixture().executor.support_reason(), "");
  const Executor executor =
      with({new FakeBackend("a", Tier::Light, "no a"), new FakeBackend("b", Tier::Strong, "no b")});
  EXPECT_FALSE(executor.is_supported());
  EXPECT_THAT(executor.support_reason(), HasSubstr("a: check the host: no a; b: "));
  EXPECT_NE(Executor({}).support_reason(), "");
}

}  // namespace
}  // namespace cordon
