#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "store/audit_events.h"
#include "store/configuration.h"
#include "store/executions.h"
#include "store/output.h"
#include "store/schema.h"
#include "store/testing/temporary_directory.h"

namespace cordon::store {
namespace {

using cordon::testing::TemporaryDirectory;
using std::chrono::hours;
using ::testing::HasSubstr;

ExecutionRecord record(const std::string& id, ExecutionStatus status = ExecutionStatus::Completed,
                       const std::string& caller = "alice") {
  ExecutionRecord made;
  made.id = id;
  made.caller = caller;
  made.command = "/bin/true";
  made.created = time_of(1'000'000'000);
  made.result.id = id;
  made.result.status = status;
  made.result.backend = "native";
  made.result.end_time = std::chrono::system_clock::now();  // older ones expire
  return made;
}

class StoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<Store> open(StoreOptions options = {}) {
    options.directory = directory_.path("state");
    options.now = [this] { return now_.load(); };
    auto store = Store::open(std::move(options));
    if (!store) {
      ADD_FAILURE() << store.error().message();
      std::abort();
    }
    return *store;
  }
  static Result<void> end(Store& store, const ExecutionRecord& one, std::string_view out = {}) {
    return store.keep_ended({.record = one, .out = out, .err = {}, .events = {}});
  }
  static std::optional<ExecutionRecord> find(Store& store, const std::string& id) {
    auto found = store.read([&](Database& database) { return find_execution(database, id); });
    EXPECT_TRUE(found);
    return *found;
  }
  static std::uint64_t kept(Store& store) {
    return *store.read([](Database& database) { return output_bytes(database); });
  }

  TemporaryDirectory directory_;
  std::atomic<Time> now_ = std::chrono::system_clock::now();
};

TEST_F(StoreTest, KeepsWholeRecords) {
  auto one = record("id-1", ExecutionStatus::Failed);
  one.args = {"a", "", "b c"};
  one.work_dir = "/srv";
  one.trace = "00-1-2-01";
  one.stdout_bytes = 3;
  one.result.exit_code = 7;
  one.result.signal = 9;
  one.result.limit_hit = LimitKind::Pids;
  one.result.stdout_truncated = true;
  one.result.start_time = time_of(2'000'000'000);
  one.result.duration = std::chrono::seconds(1);
  one.result.resource_usage = ResourceUsage{1, 2, 3, 4};
  one.result.error = "why";
  one.result.adjustments = {{.name = "limits.timeout", .asked = "1h", .given = "5m"}};
  one.result.guarantees = {
      {.name = "env", .strength = Strength::Partial, .mechanism = "m", .reason = ""}};
  {
    const auto store = open();
    ASSERT_TRUE(end(*store, one, "out"));
  }
  const auto store = open();
  const auto found = find(*store, "id-1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->args, one.args);
  EXPECT_EQ(found->caller, "alice");
  EXPECT_EQ(found->work_dir, "/srv");
  EXPECT_EQ(found->trace, one.trace);
  EXPECT_EQ(found->created, one.created);
  EXPECT_EQ(found->result.status, ExecutionStatus::Failed);
  EXPECT_EQ(found->result.exit_code, 7);
  EXPECT_EQ(found->result.signal, 9);
  EXPECT_EQ(found->result.limit_hit, LimitKind::Pids);
  EXPECT_TRUE(found->result.stdout_truncated);
  EXPECT_EQ(found->result.end_time, one.result.end_time);
  EXPECT_EQ(found->result.duration, one.result.duration);
  EXPECT_EQ(found->result.resource_usage->io_write_bytes, 4U);
  EXPECT_EQ(found->result.adjustments, one.result.adjustments);
  ASSERT_EQ(found->result.guarantees.size(), 1U);
  EXPECT_EQ(found->result.guarantees[0].strength, Strength::Partial);
  EXPECT_FALSE(found->output_expired);
  const auto output = store->read([](Database& d) { return find_output(d, "id-1"); });
  EXPECT_EQ((*output)->out, "out");
  EXPECT_FALSE(find(*store, "id-2"));
}

TEST_F(StoreTest, SecretArgumentsAreNotInTheFile) {
  {
    const auto store = open();
    auto one = record("id-1");
    one.args = {"visible-argument"};
    auto two = record("id-2");
    two.args = {"hidden-argument"};
    two.arguments = ArgumentsKept::Secret;
    ASSERT_TRUE(end(*store, one));
    ASSERT_TRUE(end(*store, two));
  }
  std::ifstream file(directory_.path("state/cordon.db"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(bytes, HasSubstr("visible-argument"));
  EXPECT_FALSE(bytes.contains("hidden-argument"));
}

TEST_F(StoreTest, NobodyElseMayReadTheFiles) {
  const auto store = open();
  ASSERT_TRUE(end(*store, record("id-1")));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(directory_.path("state")).permissions(), perms::owner_all);
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory_.path("state"))) {
    EXPECT_EQ(file.status().permissions(), perms::owner_read | perms::owner_write) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 5);  // the lock, the database, its log and its index, the journal
}

TEST_F(StoreTest, OutputExpiresAndTheRecordStays) {
  const auto store = open({.output_lifetime = hours(1)});
  ASSERT_TRUE(end(*store, record("id-1"), "text"));
  now_ = now_.load() + hours(1) - std::chrono::seconds(1);
  ASSERT_TRUE(store->remove_expired());
  EXPECT_FALSE(find(*store, "id-1")->output_expired);
  now_ = now_.load() + std::chrono::seconds(2);
  ASSERT_TRUE(store->remove_expired());
  EXPECT_TRUE(find(*store, "id-1")->output_expired);
  EXPECT_EQ(kept(*store), 0U);
}

TEST_F(StoreTest, NothingIsReadBeyondTheEndOfOutput) {
  const auto store = open();
  ASSERT_TRUE(end(*store, record("a"), "0123456789"));
  const auto read = [&](std::uint64_t offset, std::uint64_t most) {
    return store
        ->read([&](Database& d) { return read_output(d, "a", Stream::Stdout, offset, most); })
        .value()
        .value();
  };
  constexpr std::uint64_t kLarge = std::uint64_t{1} << 32;
  EXPECT_EQ(read(8, 5), "89");
  EXPECT_EQ(read(3, kLarge - 1), "3456789");
  EXPECT_EQ(read(0, ~0ULL), "0123456789");
  for (const std::uint64_t offset :
       {std::uint64_t{10}, kLarge / 2, kLarge - 2, kLarge - 1, ~std::uint64_t{0}}) {
    EXPECT_EQ(read(offset, 5), "") << offset;
  }
}

TEST_F(StoreTest, RecordsExpire) {
  const auto store = open({.execution_lifetime = hours(2)});
  auto one = record("id-1");
  one.result.end_time = now_;
  ASSERT_TRUE(end(*store, one, "text"));
  now_ = now_.load() + hours(1);
  ASSERT_TRUE(store->remove_expired());
  EXPECT_TRUE(find(*store, "id-1"));
  now_ = now_.load() + hours(1);
  ASSERT_TRUE(store->remove_expired());
  EXPECT_FALSE(find(*store, "id-1"));
  EXPECT_EQ(kept(*store), 0U);
}

TEST_F(StoreTest, TheOldestOutputMakesRoom) {
  const auto store = open({.output_quota = 1000});
  const std::string text(400, 'x');
  for (const auto* id : {"id-1", "id-2", "id-3"}) ASSERT_TRUE(end(*store, record(id), text));
  EXPECT_EQ(kept(*store), 800U);
  EXPECT_TRUE(find(*store, "id-1")->output_expired);
  EXPECT_FALSE(find(*store, "id-3")->output_expired);
  // More than the whole quota would push everything else out for nothing.
  ASSERT_TRUE(end(*store, record("id-4"), std::string(1001, 'x')));
  EXPECT_TRUE(find(*store, "id-4")->output_expired);
  EXPECT_EQ(kept(*store), 800U);
}

TEST_F(StoreTest, HoldsTheNumberOfExecutions) {
  const auto store = open();
  for (int i = 10; i < 20; ++i) ASSERT_TRUE(end(*store, record("id-" + std::to_string(i))));
  ASSERT_TRUE(store->commit([](Database& d) { return hold_execution_quota(d, 4); }));
  EXPECT_FALSE(find(*store, "id-15"));
  EXPECT_TRUE(find(*store, "id-16"));
}

TEST_F(StoreTest, ListsNewestFirstFilteredAndInPages) {
  const auto store = open();
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(end(*store, record("id-" + std::to_string(i),
                                   i == 3 ? ExecutionStatus::Failed : ExecutionStatus::Completed,
                                   i % 2 == 0 ? "alice" : "bob")));
  }
  ASSERT_TRUE(store->commit([](Database& database) {
    return insert_execution(database, record("id-9", ExecutionStatus::Pending));
  }));
  const auto ids = [&](const ExecutionFilter& filter, std::string_view before, std::size_t most) {
    std::string text;
    const auto list =
        store->read([&](Database& d) { return list_executions(d, filter, before, most); });
    for (const auto& one : *list) text += one.id.back();
    return text;
  };
  EXPECT_EQ(ids({}, "", 4), "5432");
  EXPECT_EQ(ids({}, "id-2", 4), "10");
  EXPECT_EQ(ids({.caller = "bob"}, "", 4), "531");
  EXPECT_EQ(ids({.statuses = {ExecutionStatus::Failed}}, "", 4), "3");
  EXPECT_EQ(ids({.backend = "docker"}, "", 4), "");
  EXPECT_EQ(ids({.command_contains = "tru"}, "", 2), "54");
  EXPECT_EQ(ids({.command_contains = "%"}, "", 2), "");
  EXPECT_EQ(ids({.created_after = time_of(2'000'000'000)}, "", 2), "");
  EXPECT_EQ(ids({.created_before = time_of(2'000'000'000)}, "", 2), "54");
}

TEST_F(StoreTest, WhatWasUnderWayIsKilledAtTheNextStart) {
  {
    const auto store = open();
    ASSERT_TRUE(store->commit([](Database& database) -> Result<void> {
      EXPECT_TRUE(insert_execution(database, record("id-1", ExecutionStatus::Pending)));
      EXPECT_TRUE(insert_execution(database, record("id-2", ExecutionStatus::Pending)));
      return mark_running(database, "id-2", time_of(5));
    }));
    ASSERT_TRUE(end(*store, record("id-3")));
  }
  const auto store = open();
  EXPECT_EQ(find(*store, "id-1")->result.status, ExecutionStatus::Killed);
  EXPECT_EQ(find(*store, "id-1")->result.error, "the daemon ended before this started");
  EXPECT_EQ(find(*store, "id-2")->result.error, "the daemon ended while this ran");
  EXPECT_EQ(find(*store, "id-2")->result.exit_code, 137);
  EXPECT_EQ(find(*store, "id-2")->result.start_time, time_of(5));
  EXPECT_EQ(find(*store, "id-3")->result.status, ExecutionStatus::Completed);
}

TEST_F(StoreTest, WhatEndedIsThereAlsoWhenNobodyMovedItToItsPlace) {
  {
    const auto store = open({.sync_interval = hours(1)});
    ASSERT_TRUE(store->commit([](Database& database) {
      return insert_execution(database, record("id-1", ExecutionStatus::Running));
    }));
    auto one = record("id-1", ExecutionStatus::Failed);
    one.result.exit_code = 7;
    ASSERT_TRUE(end(*store, one, "said"));
    // As SIGKILL leaves it: a copy of the files while the store is open.
    std::filesystem::copy(directory_.path("state"), directory_.path("copy"));
  }
  const auto copied = Database::open(directory_.path("copy") + "/cordon.db", OpenMode::ReadWrite);
  ASSERT_TRUE(copied);
  EXPECT_EQ(*(*copied)->integer("SELECT status FROM executions"), 1);
  EXPECT_GT(std::filesystem::file_size(directory_.path("copy") + "/ended"), 0U);
  std::filesystem::remove_all(directory_.path("state"));
  std::filesystem::rename(directory_.path("copy"), directory_.path("state"));
  const auto store = open();
  const auto found = find(*store, "id-1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->result.status, ExecutionStatus::Failed);
  EXPECT_EQ(found->result.exit_code, 7);
  const auto said = store->read([](Database& d) { return find_output(d, "id-1"); });
  EXPECT_EQ((*said)->out, "said");
}

TEST_F(StoreTest, MuchAtATimeIsMovedAsItComes) {
  const auto store = open({.sync_interval = hours(1)});
  for (int i = 1000; i < 1600; ++i) ASSERT_TRUE(end(*store, record("id-" + std::to_string(i))));
  const auto beside = Database::open(directory_.path("state") + "/cordon.db", OpenMode::ReadOnly);
  ASSERT_TRUE(beside);
  EXPECT_GE(*(*beside)->integer("SELECT count(*) FROM executions"), 300);
}

TEST_F(StoreTest, WritesFromManyThreadsAreAllThere) {
  const auto store = open();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string id = "id-" + std::to_string(t) + "-" + std::to_string(i);
        if (i % 5 == 0) {
          // Not ended: of those this knows no end, so they would be expired.
          store->post([id](Database& database) {
            return insert_execution(database, record(id, ExecutionStatus::Pending));
          });
        } else {
          EXPECT_TRUE(end(*store, record(id), "text"));
          EXPECT_TRUE(find(*store, id));  // committed when commit() returns
        }
      }
    });
  }
  threads.clear();
  ASSERT_TRUE(store->flush());
  const auto count =
      store->read([](Database& d) { return d.integer("SELECT count(*) FROM executions"); });
  EXPECT_EQ(*count, 400);
  EXPECT_EQ(*store->read([](Database& d) {
    return d.integer("SELECT value FROM totals WHERE name = 'executions'");
  }),
            400);
}

TEST_F(StoreTest, OneWriteThatFailsSpoilsNoOther) {
  const auto store = open();
  store->post([](Database& d) { return insert_execution(d, record("id-1")); });
  const auto failed = store->commit([](Database& d) -> Result<void> {
    EXPECT_TRUE(insert_execution(d, record("id-2")));
    return d.execute("INSERT INTO no_such_table VALUES (1)");
  });
  EXPECT_FALSE(failed);
  EXPECT_TRUE(find(*store, "id-1"));
  EXPECT_FALSE(find(*store, "id-2"));
  EXPECT_EQ(store->failures(), 1U);
}

TEST_F(StoreTest, AFullDiskIsAClearErrorAndGoesAway) {
  const auto store = open({.most_database_bytes = 400'000});
  Result<void> written;
  int i = 0;
  for (; written && i < 100; ++i) {
    written = end(*store, record("id-" + std::to_string(i)), std::string(20'000, 'x'));
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::ResourceExhausted);
  EXPECT_THAT(written.error().message(), HasSubstr("make room"));
  EXPECT_FALSE(find(*store, "id-" + std::to_string(i - 1)));  // all or nothing
  ASSERT_TRUE(store->commit([](Database& d) { return d.execute("DELETE FROM executions"); }));
  EXPECT_TRUE(end(*store, record("id-x"), "text"));
}

TEST_F(StoreTest, ConfigurationStays) {
  {
    const auto store = open();
    EXPECT_EQ(*store->read([](Database& d) { return configuration(d, "k"); }), std::nullopt);
    ASSERT_TRUE(store->commit([](Database& d) { return set_configuration(d, "k", "1"); }));
    ASSERT_TRUE(store->commit([](Database& d) { return set_configuration(d, "k", "2"); }));
  }
  EXPECT_EQ(*open()->read([](Database& d) { return configuration(d, "k"); }), "2");
}

TEST_F(StoreTest, AuditEventsAreBoundedAndNewestFirst) {
  const auto store = open();
  for (int i = 0; i < 5; ++i) {
    const AuditEvent event{.caller = "ci", .action = "execute", .subject = std::to_string(i)};
    ASSERT_TRUE(store->commit([&](Database& d) { return add_audit_event(d, event, 3); }));
  }
  const auto events = store->read([](Database& d) { return list_audit_events(d, 0, 10); });
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ(events->front().subject, "4");
  const auto older =
      store->read([&](Database& d) { return list_audit_events(d, events->front().id, 1); });
  EXPECT_EQ(older->front().subject, "3");
}

TEST_F(StoreTest, ANewerSchemaIsRefused) {
  {
    const auto store = open();
    ASSERT_TRUE(store->commit([](Database& d) { return d.execute("PRAGMA user_version = 1000"); }));
  }
  const auto store = Store::open({.directory = directory_.path("state")});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(store.error().message(), HasSubstr("a newer Cordon wrote it"));
}

TEST_F(StoreTest, AnEmptyFileIsMigratedAndAMigratedOneLeftAlone) {
  std::filesystem::create_directory(directory_.path("state"));
  std::filesystem::permissions(directory_.path("state"), std::filesystem::perms::owner_all);
  std::ofstream(directory_.path("state/cordon.db")).close();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*open()->read([](Database& d) { return d.integer("PRAGMA user_version"); }),
              schema_version());
  }
}

TEST_F(StoreTest, ADamagedFileIsAClearError) {
  {
    ASSERT_TRUE(end(*open(), record("id-1")));
  }
  {
    std::ofstream file(directory_.path("state/cordon.db"), std::ios::binary | std::ios::in);
    file << std::string(8192, 'x');
  }
  const auto store = Store::open({.directory = directory_.path("state")});
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message(), HasSubstr("damaged"));
  EXPECT_THAT(store.error().message(), HasSubstr("move it away"));
}

TEST_F(StoreTest, ADamagedJournalIsToldUntilSomebodyRemovesIt) {
  EXPECT_FALSE(open()->damaged_journal()) << "control";
  const std::string aside = directory_.path("state/ended.damaged");
  std::ofstream(directory_.path("state/ended")) << std::string(100, 'x');
  EXPECT_EQ(open()->damaged_journal(), aside);
  EXPECT_EQ(std::filesystem::file_size(aside), 100U);
  EXPECT_EQ(std::filesystem::status(aside).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(open()->damaged_journal(), aside);
  std::filesystem::remove(aside);
  EXPECT_FALSE(open()->damaged_journal());
}

TEST_F(StoreTest, StateIsInRegularFilesOfOneName) {
  for (const std::string name : {"ended", "cordon.db"}) {
    open();
    const std::string path = directory_.path("state/" + name);
    const auto refused = [&](const char* why) {
      const auto store = Store::open({.directory = directory_.path("state")});
      return !store && store.error().code == ErrorCode::PermissionDenied &&
             store.error().message().contains(path) && store.error().message().contains(why);
    };
    const std::string other = directory_.path("other");
    std::filesystem::create_hard_link(path, other);
    std::filesystem::permissions(other, std::filesystem::perms::all);
    EXPECT_TRUE(refused("hard link")) << name;
    EXPECT_EQ(std::filesystem::status(other).permissions(), std::filesystem::perms::all);
    std::filesystem::remove(other);
    open();  // control
    std::filesystem::rename(path, other);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_TRUE(refused("regular")) << name;
    std::filesystem::remove(path);
    std::filesystem::rename(other, path);
  }
}

TEST_F(StoreTest, TwoCannotShareAState) {
  const auto store = open();
  const auto second = Store::open({.directory = directory_.path("state")});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_THAT(second.error().message(), HasSubstr("another Cordon"));
}

TEST_F(StoreTest, RefusesDirectoriesThatAreNotItsOwn) {
  const auto refused = [&](const std::string& path) {
    const auto store = Store::open({.directory = path});
    return !store.has_value() && store.error().code == ErrorCode::PermissionDenied;
  };
  std::filesystem::create_directory(directory_.path("real"));
  std::filesystem::permissions(directory_.path("real"), std::filesystem::perms::owner_all);
  std::filesystem::create_directory_symlink(directory_.path("real"), directory_.path("link"));
  EXPECT_TRUE(refused(directory_.path("link")));
  EXPECT_FALSE(refused(directory_.path("real")));
  std::filesystem::create_directory(directory_.path("open"));
  std::filesystem::permissions(directory_.path("open"), std::filesystem::perms::all);
  EXPECT_TRUE(refused(directory_.path("open")));
  std::ofstream(directory_.path("file")).close();
  EXPECT_TRUE(refused(directory_.path("file")));
  if (::geteuid() == 0) {
    std::filesystem::create_directory(directory_.path("theirs"));
    std::filesystem::permissions(directory_.path("theirs"), std::filesystem::perms::owner_all);
    ASSERT_EQ(::chown(directory_.path("theirs").c_str(), 65534, 65534), 0);
    EXPECT_TRUE(refused(directory_.path("theirs")));
  }
  EXPECT_EQ(Store::open({.directory = "relative"}).error().code, ErrorCode::InvalidArgument);
}

TEST_F(StoreTest, ALinkInPlaceOfTheDatabaseIsNotFollowed) {
  std::filesystem::create_directory(directory_.path("state"));
  std::filesystem::permissions(directory_.path("state"), std::filesystem::perms::owner_all);
  std::filesystem::create_symlink(directory_.path("victim"), directory_.path("state/cordon.db"));
  EXPECT_FALSE(Store::open({.directory = directory_.path("state")}));
  EXPECT_FALSE(std::filesystem::exists(directory_.path("victim")));
}

}  // namespace
}  // namespace cordon::store
