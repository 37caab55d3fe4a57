// What a daemon remembers, in one SQLite database below its state directory, and a journal beside
// it of what the database is about to take over.
//
// Never in it: the values of environment variables, stdin, API keys, and the arguments of requests
// that say they are secret. Arguments of other requests are, readable: files are 0600, in a
// directory that is 0700.
//
// What commit() and keep_ended() have returned for survives SIGKILL of this process. To the disk it
// comes within about `sync_interval`, on a thread of the store's own: a power failure may lose that
// much, and never damages the database.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "store/database.h"
#include "store/ended.h"
#include "store/group_commit.h"
#include "store/journal.h"
#include "store/state_directory.h"
#include "store/times.h"

namespace cordon::store {

struct StoreOptions {
  std::string directory = {};  // absolute
  std::chrono::nanoseconds output_lifetime = std::chrono::hours(24 * 7);
  std::uint64_t output_quota = 512 << 20;  // bytes of kept output, of all executions
  std::chrono::nanoseconds execution_lifetime = std::chrono::hours(24 * 90);
  std::int64_t most_executions = 200'000;
  std::int64_t most_audit_events = 100'000;
  std::optional<std::uint64_t> most_database_bytes = {};  // then writes fail: ResourceExhausted
  std::chrono::milliseconds sync_interval = std::chrono::milliseconds(200);
  // How long to wait for another process that uses the directory: a killed daemon's last children
  // may hold its descriptors for a moment.
  std::chrono::milliseconds lock_patience = std::chrono::seconds(2);
  std::function<Time()> now = [] { return std::chrono::system_clock::now(); };
};

// Thread-safe.
class Store {
 public:
  // Executions that an earlier process had under way are Killed from here on. Errors: as
  // StateDirectory::open(), Database::open(), migrate().
  static Result<std::shared_ptr<Store>> open(StoreOptions options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const StoreOptions& options() const { return options_; }
  // Where what could not be read at a start lies, of this process or an earlier one, until somebody
  // removes it: executions that were told may be missing.
  std::optional<std::string> damaged_journal() const;
  Time now() const { return options_.now(); }

  // The write sees all that was committed, each execution where it belongs.
  Result<void> commit(Write write);
  // The end of an execution. As commit(), in a fraction of the time, and possibly before what was
  // posted earlier.
  Result<void> keep_ended(const EndedExecution& ended);
  // Committed soon, with whatever comes next.
  void post(Write write);
  // Sees all that was committed. `query` must not write.
  template <class Query>
  auto read(Query query) {
    // What cannot be moved to its place now is found there later.
    (void)settle();
    const std::lock_guard lock(reader_mutex_);
    return query(*reader_);
  }
  // The same, after all that was posted.
  Result<void> flush() { return writes_.flush(); }

  // Removes what has outlived its time. Happens by itself once a minute.
  Result<void> remove_expired();

  std::uint64_t failures() const { return writes_.failures(); }

 private:
  struct Parts {
    StateDirectory directory;
    std::unique_ptr<Database> writer;
    std::unique_ptr<Database> reader;
    std::unique_ptr<Database> copier;
    std::unique_ptr<Journal> journal;
    std::string log_path;
  };
  Store(StoreOptions options, Parts parts);
  EndedTable ended_in(Database& database) const {
    return {database, options_.output_quota, options_.most_executions};
  }
  // Moves what is in the journal to its place.
  Result<void> settle();
  void keep_safe(const std::stop_token& stop);
  void sync_log();
  Result<void> shorten_log();

  const StoreOptions options_;
  const StateDirectory directory_;
  const std::unique_ptr<Database> writer_;
  std::mutex reader_mutex_;
  const std::unique_ptr<Database> reader_;
  const std::unique_ptr<Database> copier_;  // the keeper's: from the log into the database
  const std::unique_ptr<Journal> journal_;
  const std::string log_path_;
  GroupCommit writes_;
  std::mutex posted_mutex_;
  std::condition_variable_any posted_;
  bool has_posted_ = false;
  UniqueFd log_;
  std::int64_t synced_ = 0;  // when the log was changed last, as far as it is on the disk
  std::jthread keeper_;      // last: it uses all of the above
};

}  // namespace cordon::store
