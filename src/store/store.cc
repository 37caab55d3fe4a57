#include "store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "store/executions.h"
#include "store/output.h"
#include "store/schema.h"

namespace cordon::store {

namespace {

constexpr auto kExpiryInterval = std::chrono::minutes(1);
// The log is copied into the database when it is this long.
constexpr std::int64_t kLongLog = 16 << 20;
constexpr std::size_t kMostWaiting = 256;
constexpr auto kClockTick = std::chrono::milliseconds(50);
constexpr const char* kJournal = "ended";

// NORMAL: the database cannot be damaged by a power failure, and a commit waits for no disk.
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
    "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; "
    "PRAGMA cache_size = -4096";

Result<std::unique_ptr<Database>> open_writer(const std::string& path,
                                              const StoreOptions& options) {
  auto database = TRY(Database::open(path, OpenMode::ReadWrite));
  TRY(database->execute(kWriterSettings));
  TRY(migrate(*database));
  if (options.most_database_bytes) {
    const auto page = static_cast<std::uint64_t>(TRY(database->integer("PRAGMA page_size")));
    const std::uint64_t pages = std::max<std::uint64_t>(1, *options.most_database_bytes / page);
    TRY(database->execute(fmt::format("PRAGMA max_page_count = {}", pages).c_str()));
  }
  return database;
}

Result<void> take_over(EndedTable& table, std::span<const JournalEntry> entries) {
  for (const JournalEntry& entry : entries) TRY(table.insert(entry.bytes));
  TRY(table.settle());
  return table.set_settled(entries.back().number);
}

}  // namespace

Result<std::shared_ptr<Store>> Store::open(StoreOptions options) {
  auto directory = TRY(StateDirectory::open(options.directory, options.lock_patience));
  const std::string path = TRY(directory.file("cordon.db"));
  const std::string journal_path = TRY(directory.file(kJournal));
  auto writer = TRY(open_writer(path, options));
  EndedTable table(*writer, options.output_quota, options.most_executions);
  auto journal = TRY(
      Journal::open(journal_path, TRY(table.settled()), [&](std::span<const JournalEntry> entries) {
        return writer->transaction([&] { return take_over(table, entries); });
      }));
  const auto now = options.now();
  TRY(writer->transaction([&]() -> Result<void> {
    TRY(table.settle());
    TRY(end_interrupted(*writer, now));
    return {};
  }));
  auto reader = TRY(Database::open(path, OpenMode::ReadWrite));
  TRY(reader->execute("PRAGMA query_only = ON; PRAGMA cache_size = -2048"));
  auto copier = TRY(Database::open(path, OpenMode::ReadWrite));
  return std::shared_ptr<Store>(new Store(std::move(options), {.directory = std::move(directory),
                                                               .writer = std::move(writer),
                                                               .reader = std::move(reader),
                                                               .copier = std::move(copier),
                                                               .journal = std::move(journal),
                                                               .log_path = path + "-wal"}));
}

Store::Store(StoreOptions options, Parts parts)
    : options_(std::move(options)),
      directory_(std::move(parts.directory)),
      writer_(std::move(parts.writer)),
      reader_(std::move(parts.reader)),
      copier_(std::move(parts.copier)),
      journal_(std::move(parts.journal)),
      log_path_(std::move(parts.log_path)),
      writes_(*writer_),
      keeper_([this](const std::stop_token& stop) { keep_safe(stop); }) {}

Store::~Store() {
  keeper_.request_stop();
  keeper_.join();
  (void)settle();
  (void)writes_.flush();
}

std::optional<std::string> Store::damaged_journal() const {
  std::string path = fmt::format("{}/{}{}", directory_.path(), kJournal, Journal::kDamagedSuffix);
  if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
  return path;
}

Result<void> Store::commit(Write write) {
  // A full disk must not keep anybody from making room.
  (void)settle();
  return writes_.commit(std::move(write));
}

Result<void> Store::keep_ended(const EndedExecution& ended) {
  std::string row = pack_ended(ended, now(), options_.output_quota);
  if (!is_short(ended, options_.output_quota) || row.size() > Journal::kMostBytes) {
    return writes_.commit([&](Database& database) -> Result<void> {
      EndedTable table = ended_in(database);
      TRY(table.insert(row));
      TRY(table.settle());
      if (is_short(ended, options_.output_quota)) return {};
      return insert_output(database, ended.record.id, ended.out, ended.err, ended.events, now(),
                           options_.output_quota);
    });
  }
  // What the database does not take over must not become more and more.
  if (journal_->waiting() >= kMostWaiting) TRY(settle());
  return journal_->append(std::move(row));
}

Result<void> Store::settle() {
  return journal_->settle([this](std::span<const JournalEntry> entries) {
    return writes_.commit([&](Database& database) {
      EndedTable table = ended_in(database);
      return take_over(table, entries);
    });
  });
}

void Store::post(Write write) {
  writes_.post(std::move(write));
  const std::lock_guard lock(posted_mutex_);
  has_posted_ = true;
}

Result<void> Store::remove_expired() {
  return commit([this](Database& database) -> Result<void> {
    TRY(remove_output_before(database, now() - options_.output_lifetime));
    TRY(remove_ended_before(database, now() - options_.execution_lifetime, std::nullopt));
    return {};
  });
}

void Store::keep_safe(const std::stop_token& stop) {
  auto next_expiry = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    bool flush = false;
    {
      std::unique_lock lock(posted_mutex_);
      posted_.wait_for(lock, stop, options_.sync_interval, [] { return false; });
      flush = std::exchange(has_posted_, false);
    }
    if (flush) (void)writes_.flush();
    (void)settle();
    sync_log();
    if (const auto time = std::chrono::steady_clock::now(); time >= next_expiry) {
      next_expiry = time + kExpiryInterval;
      (void)remove_expired();
    }
  }
}

// The frames that are on the disk are what a power failure leaves of the log; the database itself
// is only written from those.
void Store::sync_log() {
  if (!log_.valid()) log_ = UniqueFd(::open(log_path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!log_.valid() || ::fstat(log_.get(), &status) != 0) return;
  const Time changed = time_of(std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 +
                               std::int64_t{status.st_mtim.tv_nsec});
  if (nanoseconds_of(changed) == synced_) return;
  ::fdatasync(log_.get());
  // A change that came after it may have the same time: files have that of the last clock tick.
  if (std::chrono::system_clock::now() - changed > kClockTick) synced_ = nanoseconds_of(changed);
  if (status.st_size >= kLongLog) (void)shorten_log();
}

Result<void> Store::shorten_log() {
  TRY(copier_->execute("PRAGMA wal_checkpoint(PASSIVE)"));
  // What came meanwhile, with the writers kept out. The first write into the new log waits for the
  // disk: it is made here.
  return writes_.exclusively([](Database& database) -> Result<void> {
    TRY(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    return database.execute("UPDATE totals SET value = value WHERE name = 'output'");
  });
}

}  // namespace cordon::store
