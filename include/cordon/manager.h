// Runs commands for many callers at a time: admission, limits, a record of everything that ran.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/execution_record.h"
#include "cordon/manager_config.h"

namespace cordon {

namespace store {
class Store;
}

enum class StdinMode {
  DataThenEnd,  // stdin_data, then end of file
  StaysOpen,    // stdin_data, then what write_stdin() brings until close_stdin()
};

enum class NetworkChoice {
  AsPolicy,      // execution.policy.network
  AsConfigured,  // Open where the manager has the network enabled, else None
};

// A file that is there when the command begins.
struct InputFile {
  // Below the work directory, without "." and "..": "src/main.py". At most 1024 bytes. Directories
  // that are missing are made; what stands at the path is replaced, and no link on the way is
  // followed.
  std::string path;
  std::string content;
  std::uint32_t mode = 0644;  // at most 0777
};

// One execution whose turn it is, for what runs in place of its plain command.
struct ManagedRun {
  std::string id;
  // As it will be run: limits held, the operator's rules in it; output goes to on_stdout and
  // on_stderr, which feed events() and output().
  const ExecutionRequest& request;
  Backend& backend;
  // A private one, empty; gone at the end, and if this process is killed when the next begins.
  std::string directory;
  std::stop_token stop;
  std::function<void()> on_running;  // to be called once: its status is Running from here on
};

// On the thread that drives the execution; returns when nothing of it runs any more. An error is
// reported as a result that failed to start.
using RunFunction = std::function<Result<ExecutionResult>(const ManagedRun& run)>;

struct ManagedRequest {
  // on_stdout and on_stderr must be empty: see events(). An empty work_dir: a private one.
  ExecutionRequest execution = {};
  std::optional<IsolationLevel> level = {};  // not together with a backend or a tier; not off
  NetworkChoice network = NetworkChoice::AsPolicy;
  StdinMode stdin_mode = StdinMode::DataThenEnd;
  ArgumentsKept arguments = ArgumentsKept::Yes;
  // At most 1000 with 64 MiB together. Together with a work directory for administrators only: what
  // is written here, no policy looks at.
  std::vector<InputFile> files = {};
  // Instead of running the command in a sandbox: whatever does more than that. Goes with an empty
  // work_dir, without files and stdin that stays open.
  RunFunction run = {};
  // With `run`: the backend that it runs on without asking that for a sandbox, so that the record
  // has its name; whether it can run here is not looked at. Empty: the one that is chosen.
  std::string run_on = {};
  std::string trace = {};  // a W3C traceparent or another mark of the caller's; at most 256 bytes
};

struct ManagerStats {
  std::size_t running = 0;
  std::size_t queued = 0;
  std::size_t max_running = 0;
  std::size_t max_queued = 0;
  // Since this manager began.
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t killed = 0;
  std::uint64_t refused_quota = 0;        // QuotaExceeded
  std::uint64_t refused_unavailable = 0;  // Unavailable
  std::uint64_t store_failures = 0;       // records that could not be written
  std::uint64_t stored_executions = 0;
  std::uint64_t stored_output_bytes = 0;
  bool draining = false;
};

using SharedResult = std::shared_ptr<const ExecutionResult>;

// Thread-safe: any method from any thread. Only execute(), wait(), drain() and cleanup() wait for
// executions; the others may be called where blocking is forbidden, save for a read or write of the
// local database (tens of microseconds).
//
// An execution of somebody else is answered as one that does not exist: NotFound.
//
// With a store, every id that start() returned and every result that was reported survive SIGKILL
// of this process: an execution that was under way then is Killed, with the reason, once the store
// is opened again. A power failure may lose about the last second.
//
//   auto manager = cordon::Manager::create({});
//   auto id = manager->start({.execution = {.command = "make", .work_dir = "/srv/job"}},
//                            {.name = "ci"});
//   if (!id) return fail(id.error().message());
//   manager->on_finished(*id, {.name = "ci"}, [](const cordon::SharedResult& result) { ... });
class Manager {
 public:
  // With the backends of this build and no store: what ended is remembered for a while, and
  // forgotten when this process ends. Errors: a configuration that contradicts itself; no backend
  // can run here.
  static Result<Manager> create(ManagerConfig config);
  // With a store (may be null) and backends of the caller's own, tried in the order given.
  static Result<Manager> create(ManagerConfig config, std::shared_ptr<store::Store> store,
                                std::vector<std::unique_ptr<Backend>> backends);
  Manager(Manager&&) noexcept;
  Manager& operator=(Manager&&) noexcept;
  // Kills what still runs and waits for it.
  ~Manager();

  // Returns an id at once: the execution is Pending until its turn comes. Requests that cannot be
  // carried out fail here. Errors:
  //   InvalidArgument   malformed; a timeout or an amount of CPU that is not above zero
  //   PermissionDenied  the network while it is not enabled; a work directory elsewhere than
  //   allowed Unsupported       no backend that is strong enough can run here QuotaExceeded this
  //   caller has as many running and waiting as it may have Unavailable       the queue is full, or
  //   the manager is draining ResourceExhausted the record cannot be written: the disk is full
  Result<std::string> start(ManagedRequest request, const Caller& caller);
  // The same for who wants the result and nothing else: calls back as on_finished(), possibly
  // before this returns. Nothing is written down before it runs, which saves the caller the wait:
  // if this process is killed before the callback, the execution may be missing.
  Result<std::string> start(ManagedRequest request, const Caller& caller,
                            std::function<void(const SharedResult&)> callback);
  // Runs to the end, on the calling thread; waits for its turn first. A stop request kills it.
  // Errors: as start(), and what the backend says when the command cannot be started.
  Result<SharedResult> execute(ManagedRequest request, const Caller& caller,
                               std::stop_token stop = {});

  // A snapshot; a finished execution carries its whole result, its output as long as that is kept.
  Result<SharedResult> status(std::string_view id, const Caller& caller) const;
  Result<ExecutionRecord> inspect(std::string_view id, const Caller& caller) const;
  Result<SharedResult> wait(std::string_view id, const Caller& caller) const;
  // Calls back once, with the result, when the execution has ended and its record is safe: on the
  // thread that drove it, or at once on this one. The callback must not block.
  Result<void> on_finished(std::string_view id, const Caller& caller,
                           std::function<void(const SharedResult&)> callback) const;
  // Ends an execution, also one that waits for its turn. One that has ended: a success.
  Result<void> kill(std::string_view id, const Caller& caller);

  // What happened after `after`, at most about `most_bytes` of output at a time. `after` beyond the
  // last event: nothing.
  Result<EventBatch> events(std::string_view id, const Caller& caller, std::uint64_t after,
                            std::size_t most_bytes = 64 << 10) const;
  // Calls `notify` whenever events() has more, first possibly before this returns, last when the
  // execution has ended. On threads that drive executions: it must not block, nor call the manager
  // back. Nothing is queued for a subscriber: a slow one costs no memory and misses nothing. While
  // the returned handle lives; once its destructor has returned, `notify` is not running.
  using Subscription = std::shared_ptr<void>;
  Result<Subscription> subscribe(std::string_view id, const Caller& caller,
                                 std::function<void()> notify) const;
  // One stream from a byte on. Errors: NotFound also when the output has expired.
  Result<OutputPiece> output(std::string_view id, const Caller& caller, Stream stream,
                             std::uint64_t offset, std::size_t most_bytes = 64 << 10) const;

  // Takes as many bytes as there is room for, possibly none, and says how many. Errors: Conflict:
  // its stdin does not stay open, was closed, or it has ended.
  Result<std::size_t> write_stdin(std::string_view id, const Caller& caller,
                                  std::string_view bytes);
  Result<void> close_stdin(std::string_view id, const Caller& caller);

  Result<ExecutionList> list(const ExecutionFilter& filter, const Page& page,
                             const Caller& caller) const;
  // Forgets one that has ended. Errors: Conflict: it has not.
  Result<void> remove(std::string_view id, const Caller& caller);
  // Forgets the caller's (an administrator's: everybody's) that ended longer ago; says how many.
  Result<std::uint64_t> prune(std::chrono::nanoseconds older_than, const Caller& caller);

  bool is_supported() const;
  // Empty when supported; else what is missing and what would unlock it.
  std::string support_reason() const;
  bool supports_tier(Tier tier) const;
  // Whether every backend that can run here holds the network's switch.
  bool supports_network_enabled() const;
  // As in force now, with nothing absent.
  ManagerConfig config() const;
  // Kept in the store before it takes effect, for executions that start later. Errors: Unsupported.
  Result<void> set_network_enabled(NetworkToggle toggle);

  ManagerStats stats() const;
  // From now on nothing is taken on and nothing that waits begins (it ends as Killed). Returns when
  // what runs has ended; what has not at the deadline is killed. May be called again with an
  // earlier deadline.
  void drain(std::chrono::steady_clock::time_point deadline);
  // Kills everything that runs or waits, and waits for its end. Records stay.
  void cleanup();

 private:
  struct State;
  explicit Manager(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cordon
