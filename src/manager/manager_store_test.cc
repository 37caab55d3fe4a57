// A Manager with a store: what is left when it, or the whole process, is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <map>
#include <string>

#include "core/unique_fd.h"
#include "manager/testing/fixture.h"
#include "store/executions.h"
#include "store/store.h"
#include "store/testing/temporary_directory.h"

namespace cordon {
namespace {

using ::testing::HasSubstr;
using testing::kAlice;
using testing::kBob;
using testing::ManagerFixture;
using testing::script;
using testing::TemporaryDirectory;

std::shared_ptr<store::Store> open_store(const std::string& directory,
                                         store::StoreOptions options = {}) {
  options.directory = directory;
  auto store = store::Store::open(std::move(options));
  if (!store) {
    ADD_FAILURE() << store.error().message();
    std::abort();
  }
  return *store;
}

// Everything the manager can say of one execution.
std::string told(const Manager& manager, const std::string& id, std::uint64_t after) {
  std::string text;
  while (true) {
    const auto batch = manager.events(id, kAlice, after);
    if (!batch) return batch.error().message();
    for (const Event& event : batch->events) {
      text += std::string(to_string(event.kind)) + ":" + event.bytes;
      if (event.kind == EventKind::Status) text += to_string(event.status);
      text += '\n';
    }
    after = batch->last;
    if (batch->ended) return text;
    std::this_thread::yield();
  }
}

TEST(ManagerWithStore, AnotherManagerAnswersAsTheFirstDid) {
  const TemporaryDirectory directory;
  std::string id;
  std::string events;
  std::string rest;
  {
    ManagerFixture f({}, open_store(directory.path("state")));
    auto request = script("echo out; echo err >&2; exit 7");
    request.execution.policy.limits.timeout = std::chrono::hours(1);
    id = (*f.manager.execute(request, kAlice))->id;
    events = told(f.manager, id, 0);
    rest = told(f.manager, id, 4);
    EXPECT_THAT(events, HasSubstr("stdout:out\n"));
    EXPECT_THAT(events, HasSubstr("status:failed\n"));
  }
  ManagerFixture f({}, open_store(directory.path("state")));
  const auto result = f.manager.status(id, kAlice);
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->exit_code, 7);
  EXPECT_EQ((*result)->stdout_data, "out\n");
  EXPECT_EQ((*result)->stderr_data, "err\n");
  ASSERT_EQ((*result)->adjustments.size(), 1U);
  EXPECT_EQ((*result)->adjustments[0],
            (Adjustment{.name = "limits.timeout", .asked = "1h", .given = "5m"}));
  EXPECT_EQ((*result)->guarantees.size(), 1U);
  EXPECT_EQ(told(f.manager, id, 0), events);
  EXPECT_EQ(told(f.manager, id, 4), rest);
  const auto piece = f.manager.output(id, kAlice, Stream::Stdout, 1, 2);
  EXPECT_EQ(piece->bytes, "ut");
  EXPECT_EQ(piece->total, 4U);
  EXPECT_TRUE(piece->ended);
  EXPECT_EQ(f.manager.inspect(id, kAlice)->args.size(), 2U);
  EXPECT_EQ((*f.manager.wait(id, kAlice))->exit_code, 7);
  EXPECT_TRUE(f.manager.kill(id, kAlice));
  bool called = false;
  ASSERT_TRUE(f.manager.on_finished(id, kAlice, [&](const SharedResult&) { called = true; }));
  EXPECT_TRUE(called);
  EXPECT_EQ(f.manager.write_stdin(id, kAlice, "x").error().code, ErrorCode::Conflict);
  EXPECT_EQ(f.manager.list({}, {}, kAlice)->executions.size(), 1U);
  // To others it does not exist there either.
  EXPECT_EQ(f.manager.status(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_EQ(f.manager.events(id, kBob, 0).error().code, ErrorCode::NotFound);
  EXPECT_EQ(f.manager.remove(id, kBob).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(f.manager.list({}, {}, kBob)->executions.empty());
  ASSERT_TRUE(f.manager.remove(id, kAlice));
  EXPECT_EQ(f.manager.status(id, kAlice).error().code, ErrorCode::NotFound);
}

TEST(ManagerWithStore, AnEndThatNobodyReadIsInTheStoreWhenItIsTold) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path("state"));
  ManagerFixture f({}, store);
  for (int i = 0; i < 20; ++i) {
    const auto id = (*f.manager.execute(script("exit 3"), kAlice))->id;
    const auto found =
        store->read([&](store::Database& d) { return store::find_execution(d, id); });
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->result.exit_code, 3);
  }
}

TEST(ManagerWithStore, WhoWantsTheResultAloneGetsItWhenItIsInTheStore) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path("state"));
  ManagerFixture f({.max_running = 1, .max_queued = 1}, store);
  std::promise<std::pair<std::string, int>> told;
  const auto id = f.manager.start(script("exit 3"), kAlice, [&](const SharedResult& result) {
    const auto found =
        store->read([&](store::Database& d) { return store::find_execution(d, result->id); });
    told.set_value({result->id, found && *found ? (*found)->result.exit_code : -1});
  });
  ASSERT_TRUE(id);
  EXPECT_EQ(told.get_future().get(), std::pair(*id, 3));
  // One that waits for its turn is told of its end too, and one that is refused is not.
  f.start(script("sleep 1000"));
  std::promise<ExecutionStatus> end;
  const auto waiting = f.manager.start(
      script("exit 0"), kAlice, [&](const SharedResult& result) { end.set_value(result->status); });
  ASSERT_TRUE(waiting);
  const auto refused = f.manager.start(script("exit 0"), kAlice,
                                       [](const SharedResult&) { ADD_FAILURE() << "called back"; });
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  ASSERT_TRUE(f.manager.kill(*waiting, kAlice));
  EXPECT_EQ(end.get_future().get(), ExecutionStatus::Killed);
}

TEST(ManagerWithStore, ListsWhatLivesAndWhatEndedOnceEach) {
  const TemporaryDirectory directory;
  ManagerFixture f({}, open_store(directory.path("state")));
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back((*f.manager.execute(script("exit 0"), kAlice))->id);
    ids.push_back(f.start(script("sleep 1000")));
  }
  std::ranges::sort(ids, std::ranges::greater{});
  std::vector<std::string> seen;
  Page page{.size = 3};
  do {
    const auto list = f.manager.list({}, page, kAlice);
    ASSERT_TRUE(list);
    for (const auto& record : list->executions) seen.push_back(record.id);
    page.before = list->next;
  } while (!page.before.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(*f.manager.prune(std::chrono::seconds(0), kAlice), 5U);
  EXPECT_EQ(f.manager.list({}, {}, kAlice)->executions.size(), 5U);
}

TEST(ManagerWithStore, TheNetworkSwitchOutlivesTheManager) {
  const TemporaryDirectory directory;
  {
    ManagerFixture f({}, open_store(directory.path("state")));
    ASSERT_TRUE(f.manager.set_network_enabled(NetworkToggle::Enabled));
  }
  ManagerFixture f({}, open_store(directory.path("state")));
  EXPECT_EQ(f.manager.config().network, NetworkToggle::Enabled);
}

TEST(ManagerWithStore, ExpiredOutputIsNotFoundAndTheRecordStays) {
  const TemporaryDirectory directory;
  std::string id;
  {
    ManagerFixture f({}, open_store(directory.path("state"), {.output_quota = 1}));
    id = (*f.manager.execute(script("echo text"), kAlice))->id;
  }
  ManagerFixture f({}, open_store(directory.path("state")));
  EXPECT_EQ(f.manager.output(id, kAlice, Stream::Stdout, 0).error().code, ErrorCode::NotFound);
  EXPECT_EQ(f.manager.events(id, kAlice, 0).error().code, ErrorCode::NotFound);
  EXPECT_EQ((*f.manager.status(id, kAlice))->status, ExecutionStatus::Completed);
  EXPECT_TRUE(f.manager.inspect(id, kAlice)->output_expired);
}

TEST(ManagerWithStore, AFullDiskRefusesNewWorkAndLosesNoAnswer) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path("state"), {.most_database_bytes = 1 << 20});
  ManagerFixture f({}, store);
  const auto running = f.start(script("read line; echo $line"));
  Result<std::string> id;
  for (int i = 0; i < 200 && id; ++i) {
    auto request = script("exit 0");
    request.execution.args.emplace_back(100'000, 'x');
    id = f.manager.start(request, kAlice);
  }
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(f.wait(running)->status, ExecutionStatus::Completed);
  f.manager.drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_EQ(f.backend->living, 0);
}

// ---- SIGKILL

// The fake backend's commands outlive it: none of them is long. Works until it is killed, and says
// of each execution what it was told, one line each.
[[noreturn]] void work_until_killed(const std::string& state, int report) {
  ManagerFixture f({.max_running = 4, .max_queued = 64}, open_store(state));
  const auto say = [&](char what, const std::string& id) {
    const std::string line = what + id + "\n";
    if (::write(report, line.data(), line.size()) < 0) ::_exit(1);
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        if (t == 0 && i % 2 == 1) {
          (void)f.manager.start(script("echo text; exit 3"), kAlice,
                                [&](const SharedResult& result) { say('E', result->id); });
          continue;
        }
        if (t == 0) {
          const auto result = f.manager.execute(script("echo text; exit 3"), kAlice);
          if (result) say('E', (*result)->id);
          continue;
        }
        const auto id =
            f.manager.start(script(i % 7 == 0 ? "sleep 5" : "echo text; exit 3"), kAlice);
        if (!id) continue;
        say('S', *id);
        (void)f.manager.on_finished(*id, kAlice, [&](const SharedResult& result) {
          if (result->exit_code == 3) say('E', result->id);
        });
        if (i % 7 == 0 && i > 0) (void)f.manager.kill(*id, kAlice);
      }
    });
  }
  threads.clear();
  ::_exit(1);
}

TEST(ManagerCrash, EveryIdThatWasToldIsAccountedFor) {
  const TemporaryDirectory directory;
  const std::string state = directory.path("state");
  std::size_t told_of = 0;
  std::size_t ended = 0;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) work_until_killed(state, writer.get());
    writer.reset();
    // So many bytes of reports, then the end: a different instant in every round.
    std::string reports;
    std::string buffer(4096, '\0');
    const std::size_t enough = 1500 + static_cast<std::size_t>(round) * 197;
    while (reports.size() < enough) {
      const ssize_t got = ::read(reader.get(), buffer.data(), 64);
      ASSERT_GT(got, 0);
      reports.append(buffer, 0, static_cast<std::size_t>(got));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (ssize_t got = 0; (got = ::read(reader.get(), buffer.data(), buffer.size())) > 0;) {
      reports.append(buffer, 0, static_cast<std::size_t>(got));
    }
    std::map<std::string, bool> ids;
    for (std::size_t at = 0; reports.find('\n', at) != std::string::npos;) {
      const std::size_t end = reports.find('\n', at);
      const std::string id = reports.substr(at + 1, end - at - 1);
      ids[id] = ids[id] || reports[at] == 'E';
      at = end + 1;
    }
    const auto store = open_store(state);
    for (const auto& [id, has_ended] : ids) {
      const auto found =
          store->read([&](store::Database& d) { return store::find_execution(d, id); });
      ASSERT_TRUE(found) << found.error().message();
      ASSERT_TRUE(*found) << "lost " << id << " of round " << round;
      const ExecutionResult& result = (*found)->result;
      ++told_of;
      if (has_ended) {
        ++ended;
        EXPECT_EQ(result.exit_code, 3) << id;
        EXPECT_EQ((*found)->stdout_bytes, 5U);
      } else {
        EXPECT_TRUE(result.status == ExecutionStatus::Killed || result.exit_code == 3) << id;
        if (result.status == ExecutionStatus::Killed) EXPECT_FALSE(result.error.empty());
      }
    }
    const auto check =
        store->read([](store::Database& d) { return d.integer("PRAGMA user_version"); });
    EXPECT_TRUE(check);
  }
  EXPECT_GT(told_of, std::size_t{kRounds});
  EXPECT_GT(ended, std::size_t{kRounds});
}

}  // namespace
}  // namespace cordon
