#include "cordon/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

#include "manager/testing/fixture.h"

namespace cordon {
namespace {

using testing::await_running;
using testing::FakeBackend;
using ::testing::HasSubstr;
using testing::kAlice;
using testing::kBob;
using testing::kRoot;
using testing::ManagerFixture;
using testing::script;

TEST(Manager, ExecutesAndReportsEverything) {
  ManagerFixture f;
  auto request = script("cat; echo err >&2; exit 7");
  request.execution.stdin_data = "input";
  const auto result = f.manager.execute(request, kAlice);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ((*result)->status, ExecutionStatus::Failed);
  EXPECT_EQ((*result)->exit_code, 7);
  EXPECT_EQ((*result)->stdout_data, "input");
  EXPECT_EQ((*result)->stderr_data, "err\n");
  EXPECT_EQ((*result)->id, f.backend->last_id());
  EXPECT_EQ((*result)->backend, "fake");
  EXPECT_FALSE((*result)->stdout_truncated);
  EXPECT_EQ((*result)->guarantees.size(), 1U);
  EXPECT_EQ(f.backend->living, 0);
  // Unlike an Executor's, it can be asked for again.
  EXPECT_EQ(*f.manager.status((*result)->id, kAlice), *result);
}

TEST(Manager, ACommandThatCannotBeStartedIsAnErrorAndARecord) {
  ManagerFixture f;
  auto request = script("");
  request.execution.command = "/no/such/command";
  EXPECT_EQ(f.manager.execute(request, kAlice).error().code, ErrorCode::NotFound);
  const auto result = f.wait(f.start(request));
  EXPECT_EQ(result->status, ExecutionStatus::Failed);
  EXPECT_EQ(result->exit_code, 127);
  EXPECT_THAT(result->error, HasSubstr("/no/such/command"));
}

TEST(Manager, KillsWhatRunsWhatWaitsAndWhatHasEnded) {
  ManagerFixture f({.max_running = 1});
  const auto running = f.start(script("sleep 1000"));
  await_running(f.manager, running, kAlice);
  const auto waiting = f.start(script("echo never"));
  EXPECT_EQ((*f.manager.status(waiting, kAlice))->status, ExecutionStatus::Pending);
  ASSERT_TRUE(f.manager.kill(waiting, kAlice));
  const auto never = f.wait(waiting);
  EXPECT_EQ(never->status, ExecutionStatus::Killed);
  EXPECT_EQ(never->stdout_data, "");
  EXPECT_THAT(never->error, HasSubstr("before it started"));
  ASSERT_TRUE(f.manager.kill(running, kAlice));
  EXPECT_EQ(f.wait(running)->status, ExecutionStatus::Killed);
  EXPECT_EQ(f.wait(running)->exit_code, 137);
  EXPECT_TRUE(f.manager.kill(running, kAlice));
  EXPECT_EQ(f.wait(running)->status, ExecutionStatus::Killed);
  EXPECT_EQ(f.backend->living, 0);
}

TEST(Manager, OthersExecutionsDoNotExist) {
  ManagerFixture f;
  const auto id = f.start(script("cat; exit 0"));
  f.wait(id);
  auto& m = f.manager;
  EXPECT_EQ(m.status(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.inspect(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.wait(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.kill(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.events(id, kBob, 0).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.output(id, kBob, Stream::Stdout, 0).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.write_stdin(id, kBob, "x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.close_stdin(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.remove(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.on_finished(id, kBob, [](const SharedResult&) {}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(m.subscribe(id, kBob, [] {}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(*m.prune(std::chrono::seconds(0), kBob), 0U);
  EXPECT_TRUE(m.list({}, {}, kBob)->executions.empty());
  EXPECT_TRUE(m.list({.caller = "alice"}, {}, kBob)->executions.empty());
  // In the same words as one that never was.
  EXPECT_EQ(m.status(id, kBob).error().detail, m.status("none", kBob).error().detail);
  EXPECT_TRUE(m.status(id, kRoot));
  EXPECT_EQ(m.list({}, {}, kRoot)->executions.size(), 1U);
}

TEST(Manager, CallsBackOnceWhenItEndsOrAtOnceWhenItHas) {
  ManagerFixture f;
  auto request = script("read line; echo got $line");
  request.stdin_mode = StdinMode::StaysOpen;
  const auto id = f.start(request);
  std::promise<SharedResult> ended;
  ASSERT_TRUE(f.manager.on_finished(id, kAlice,
                                    [&](const SharedResult& result) { ended.set_value(result); }));
  EXPECT_EQ(*f.manager.write_stdin(id, kAlice, "this\n"), 5U);
  const auto result = ended.get_future().get();
  EXPECT_EQ(result->stdout_data, "got this\n");
  SharedResult again;
  ASSERT_TRUE(f.manager.on_finished(id, kAlice, [&](const SharedResult& one) { again = one; }));
  EXPECT_EQ(again, result);
}

TEST(Manager, StdinStaysOpenUntilItIsClosed) {
  ManagerFixture f;
  auto request = script("cat");
  request.execution.stdin_data = "first ";
  request.stdin_mode = StdinMode::StaysOpen;
  const auto id = f.start(request);
  EXPECT_EQ(*f.manager.write_stdin(id, kAlice, "second"), 6U);
  ASSERT_TRUE(f.manager.close_stdin(id, kAlice));
  EXPECT_EQ(f.wait(id)->stdout_data, "first second");
  EXPECT_EQ(f.manager.write_stdin(id, kAlice, "x").error().code, ErrorCode::Conflict);
  EXPECT_EQ(f.manager.close_stdin(id, kAlice).error().code, ErrorCode::Conflict);
}

TEST(Manager, StdinThatWasNotAskedForIsAConflict) {
  ManagerFixture f;
  const auto id = f.start(script("sleep 1000"));
  EXPECT_EQ(f.manager.write_stdin(id, kAlice, "x").error().code, ErrorCode::Conflict);
  EXPECT_EQ(f.manager.remove(id, kAlice).error().code, ErrorCode::Conflict);
}

TEST(Manager, TakesNoMoreStdinThanThereIsRoomFor) {
  ManagerFixture f;
  auto request = script("sleep 1000");
  request.stdin_mode = StdinMode::StaysOpen;
  const auto id = f.start(request);
  const std::string piece(1 << 16, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 200; ++i) {
    const auto now = f.manager.write_stdin(id, kAlice, piece);
    ASSERT_TRUE(now);
    taken += *now;
    if (*now == 0) break;
  }
  EXPECT_LT(taken, 4U << 20);
}

TEST(Manager, AStopRequestKillsAnExecuteThatWaitsOrRuns) {
  ManagerFixture f({.max_running = 1});
  std::stop_source stop_running;
  std::stop_source stop_waiting;
  auto running = std::async(std::launch::async, [&] {
    return f.manager.execute(script("sleep 1000"), kAlice, stop_running.get_token());
  });
  while (f.manager.stats().running == 0) std::this_thread::yield();
  auto waiting = std::async(std::launch::async, [&] {
    return f.manager.execute(script("echo never"), kAlice, stop_waiting.get_token());
  });
  while (f.manager.stats().queued == 0) std::this_thread::yield();
  stop_waiting.request_stop();
  const auto never = waiting.get();
  ASSERT_TRUE(never);
  EXPECT_EQ((*never)->status, ExecutionStatus::Killed);
  EXPECT_EQ((*never)->stdout_data, "");
  stop_running.request_stop();
  EXPECT_EQ((*running.get())->status, ExecutionStatus::Killed);
}

TEST(Manager, DrainTakesNothingOnEndsWhatWaitsAndLetsRunWhatRuns) {
  ManagerFixture f({.max_running = 1});
  auto request = script("read line; echo $line");
  request.stdin_mode = StdinMode::StaysOpen;
  const auto running = f.start(request);
  await_running(f.manager, running, kAlice);
  const auto waiting = f.start(script("echo never"));
  auto drained = std::async(std::launch::async, [&] {
    f.manager.drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  });
  const auto never = f.wait(waiting);
  EXPECT_EQ(never->status, ExecutionStatus::Killed);
  EXPECT_THAT(never->error, HasSubstr("stopped"));
  EXPECT_EQ(f.manager.start(script("true"), kAlice).error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(f.manager.stats().draining);
  EXPECT_EQ(*f.manager.write_stdin(running, kAlice, "end\n"), 4U);
  drained.get();
  EXPECT_EQ(f.wait(running)->stdout_data, "end\n");
}

TEST(Manager, DrainKillsAtTheDeadline) {
  ManagerFixture f;
  const auto id = f.start(script("sleep 1000"));
  f.manager.drain(std::chrono::steady_clock::now());
  EXPECT_EQ(f.wait(id)->status, ExecutionStatus::Killed);
}

TEST(Manager, ItsEndKillsWhatStillRuns) {
  auto backend = std::make_unique<FakeBackend>();
  SharedResult result;
  {
    ManagerFixture f({.max_running = 1}, {}, std::move(backend));
    const auto id = f.start(script("sleep 1000"));
    ASSERT_TRUE(f.manager.on_finished(id, kAlice, [&](const SharedResult& one) { result = one; }));
    f.start(script("sleep 1000"));
    Manager moved = std::move(f.manager);
  }
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, ExecutionStatus::Killed);
}

TEST(Manager, TheNetworkIsRefusedUntilItIsEnabled) {
  ManagerFixture f;
  auto request = script("true");
  request.execution.policy.network = NetworkMode::Open;
  EXPECT_EQ(f.manager.execute(request, kAlice).error().code, ErrorCode::PermissionDenied);
  ASSERT_TRUE(f.manager.set_network_enabled(NetworkToggle::Enabled));
  EXPECT_EQ(f.manager.config().network, NetworkToggle::Enabled);
  EXPECT_TRUE(f.manager.execute(request, kAlice));
}

TEST(Manager, TheNetworkCannotBeSwitchedWhereABackendDoesNotHoldIt) {
  ManagerFixture f;
  EXPECT_TRUE(f.manager.supports_network_enabled());
  f.backend->network_toggle = false;
  EXPECT_FALSE(f.manager.supports_network_enabled());
  EXPECT_EQ(f.manager.set_network_enabled(NetworkToggle::Enabled).error().code,
            ErrorCode::Unsupported);
  EXPECT_EQ(f.manager.config().network, NetworkToggle::Disabled);
}

TEST(Manager, SaysWhatItSupports) {
  ManagerFixture missing({}, {}, std::make_unique<FakeBackend>("fake", Tier::Light, "no kernel"));
  EXPECT_FALSE(missing.manager.is_supported());
  EXPECT_THAT(missing.manager.support_reason(), HasSubstr("no kernel"));
  EXPECT_FALSE(missing.manager.supports_tier(Tier::Light));
  EXPECT_FALSE(missing.manager.supports_network_enabled());
  EXPECT_EQ(missing.manager.execute(script("true"), kAlice).error().code, ErrorCode::Unsupported);
  ManagerFixture f;
  EXPECT_TRUE(f.manager.supports_tier(Tier::Light));
  EXPECT_FALSE(f.manager.supports_tier(Tier::Strong));
  auto strong = script("true");
  strong.execution.tier = Tier::Strong;
  EXPECT_EQ(f.manager.start(strong, kAlice).error().code, ErrorCode::Unsupported);
}

TEST(Manager, ForgetsTheOldestThatEnded) {
  ManagerFixture f({.most_remembered = 5});
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(f.start(script("exit 0")));
    f.wait(ids.back());
  }
  // The last one may not have been counted yet.
  f.manager.drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_EQ(f.manager.list({}, {}, kAlice)->executions.size(), 5U);
  EXPECT_TRUE(f.manager.status(ids.back(), kAlice));
  EXPECT_FALSE(f.manager.status(ids.front(), kAlice));
}

TEST(Manager, ListsNewestFirstInPages) {
  ManagerFixture f;
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) {
    ids.push_back((*f.manager.execute(script("exit 0"), i % 2 == 0 ? kAlice : kBob))->id);
  }
  std::ranges::sort(ids, std::ranges::greater{});  // within a millisecond any order is right
  std::vector<std::string> seen;
  Page page{.size = 3};
  do {
    const auto list = f.manager.list({}, page, kRoot);
    ASSERT_TRUE(list);
    for (const auto& record : list->executions) seen.push_back(record.id);
    page.before = list->next;
  } while (!page.before.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(f.manager.list({.caller = "bob"}, {}, kRoot)->executions.size(), 3U);
  EXPECT_EQ(f.manager.list({.statuses = {ExecutionStatus::Killed}}, {}, kRoot)->executions.size(),
            0U);
  EXPECT_EQ(f.manager.list({.command_contains = "/sh"}, {}, kAlice)->executions.size(), 4U);
  EXPECT_EQ(f.manager.list({}, {.size = 0}, kRoot).error().code, ErrorCode::InvalidArgument);
}

TEST(Manager, RemovesAndPrunes) {
  ManagerFixture f;
  const auto first = (*f.manager.execute(script("exit 0"), kAlice))->id;
  const auto second = (*f.manager.execute(script("exit 0"), kAlice))->id;
  const auto running = f.start(script("sleep 1000"));
  ASSERT_TRUE(f.manager.remove(first, kAlice));
  EXPECT_EQ(f.manager.status(first, kAlice).error().code, ErrorCode::NotFound);
  EXPECT_EQ(*f.manager.prune(std::chrono::hours(1), kAlice), 0U);
  EXPECT_EQ(*f.manager.prune(std::chrono::seconds(0), kAlice), 1U);
  EXPECT_EQ(f.manager.status(second, kAlice).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(f.manager.status(running, kAlice));
}

TEST(Manager, SecretArgumentsAndEnvironmentAreInNoRecord) {
  ManagerFixture f;
  auto request = script("exit 0");
  request.execution.policy.environment.set = {{"TOKEN", "hunter2"}};
  const auto open = (*f.manager.execute(request, kAlice))->id;
  EXPECT_EQ(f.manager.inspect(open, kAlice)->args.size(), 2U);
  request.arguments = ArgumentsKept::Secret;
  const auto secret = (*f.manager.execute(request, kAlice))->id;
  EXPECT_TRUE(f.manager.inspect(secret, kAlice)->args.empty());
  EXPECT_EQ(f.manager.inspect(secret, kAlice)->arguments, ArgumentsKept::Secret);
}

TEST(Manager, MayBeUsedFromManyThreads) {
  ManagerFixture f({.max_running = 4});
  std::atomic<int> called_back = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      const Caller me{.name = t % 2 == 0 ? "alice" : "bob"};
      for (int i = 0; i < 15; ++i) {
        if (t == 5) {
          (void)f.manager.list({}, {}, kRoot);
          (void)f.manager.stats();
        }
        if (i % 3 == 0) {
          (void)f.manager.execute(script("echo text"), me);
          ++called_back;
          continue;
        }
        const auto id = f.manager.start(script(i % 3 == 1 ? "echo text" : "sleep 1000"), me);
        if (!id) continue;
        (void)f.manager.on_finished(*id, me, [&](const SharedResult&) { ++called_back; });
        const auto subscription = f.manager.subscribe(*id, me, [] {});
        (void)f.manager.events(*id, me, 0);
        if (i % 3 == 2) (void)f.manager.kill(*id, me);
      }
    });
  }
  threads.clear();
  f.manager.drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_EQ(called_back, 90);
  EXPECT_EQ(f.backend->living, 0);
}

}  // namespace
}  // namespace cordon
