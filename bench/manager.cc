#include "cordon/manager.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "backends/registry.h"
#include "benchmarks.h"
#include "child.h"
#include "cordon/executor.h"
#include "store/store.h"

namespace cordon::bench {
namespace {

const Caller kCaller = {.name = "bench"};
constexpr std::size_t kCallers = 64;
constexpr std::size_t kIdle = 1000;
constexpr int kOld = 100'000;

std::shared_ptr<store::Store> open_store(const Options& options, const std::string& name) {
  store::StoreOptions wanted;
  wanted.directory = options.work_dir + "/" + name;
  auto store = store::Store::open(std::move(wanted));
  if (!store) give_up(store.error().message());
  return *store;
}

Manager make_manager(ManagerConfig config, std::shared_ptr<store::Store> store) {
  auto manager =
      Manager::create(std::move(config), std::move(store), make_backends(Preparation::Ahead));
  if (!manager) give_up(manager.error().message());
  return std::move(*manager);
}

// Both with the limits that a manager gives: a cgroup costs what it costs.
ExecutionRequest command(const Options& options, const ManagerConfig& config) {
  ExecutionRequest request;
  request.command = "/bin/true";
  request.work_dir = options.work_dir + "/job";
  request.policy.limits = {.memory_bytes = config.default_memory_bytes,
                           .cpus = config.default_cpus,
                           .pids = config.default_pids,
                           .disk_bytes = config.default_disk_bytes,
                           .output_bytes = config.default_output_bytes,
                           .timeout = config.default_timeout};
  return request;
}

// Nanoseconds a run, with many callers at a time.
template <class Execute>
double many(std::size_t runs, Execute execute) {
  std::atomic<std::size_t> started = 0;
  return time([&] {
           std::vector<std::jthread> threads;
           for (std::size_t i = 0; i < kCallers; ++i) {
             threads.emplace_back([&] {
               while (started++ < runs) execute();
             });
           }
         }) /
         static_cast<double>(runs);
}

std::string per_second(double nanoseconds) { return fmt::format("{:.0f}/s", 1e9 / nanoseconds); }

double resident_mebibytes() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// What a thousand commands that do nothing cost the process that looks after them.
Row idle_bookkeeping(const Options& options) {
  Manager manager = make_manager({.max_running = kIdle}, open_store(options, "idle"));
  ManagedRequest request;
  request.execution = command(options, manager.config());
  request.execution.command = "/bin/sleep";
  request.execution.args = {"600"};
  const double before = resident_mebibytes();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kIdle; ++i) {
    auto id = manager.start(request, kCaller);
    if (!id) give_up(id.error().message());
    ids.push_back(std::move(*id));
  }
  for (const auto& id : ids) {
    while (true) {
      const auto status = manager.status(id, kCaller);
      if (!status) give_up(status.error().message());
      if ((*status)->status == ExecutionStatus::Running) break;
      if ((*status)->status != ExecutionStatus::Pending) give_up((*status)->error);
      std::this_thread::yield();
    }
  }
  const double after = resident_mebibytes();
  manager.cleanup();
  return {"Manager with 1,000 running sandboxes : before, resident",
          fmt::format("{:.1f} MiB", after),
          fmt::format("{:.1f} MiB", before),
          "",
          "<= 60 MiB",
          after <= 60};
}

// Ready again with many old executions.
Row ready_again(const Options& options) {
  {
    const auto store = open_store(options, "old");
    const auto filled = store->commit([](store::Database& database) {
      return database.execute(
          fmt::format(
              "INSERT INTO executions(id, caller, command, args, args_secret, work_dir, trace, "
              "created, status, backend, tier) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
              "i + 1 FROM n WHERE i < {}) SELECT format('%020d', i), 'bench', '/bin/true', x'', 0, "
              "'/', '', i, 2, 'native', 0 FROM n",
              kOld)
              .c_str());
    });
    if (!filled) give_up(filled.error().message());
  }
  const double ready = time([&] { make_manager({}, open_store(options, "old")); });
  return {"ready with 100,000 old executions in the store",
          milliseconds(ready),
          "",
          "",
          "<= 300 ms",
          ready <= 300e6};
}

}  // namespace

std::vector<Row> manager_over_executor(const Options& options) {
  std::filesystem::create_directory(options.work_dir + "/job");
  std::vector<Row> rows;
  {
    auto executor = Executor::create();
    if (!executor) give_up(executor.error().message());
    Manager manager = make_manager({}, open_store(options, "state"));
    const ExecutionRequest plain = command(options, manager.config());
    const ManagedRequest managed = {.execution = plain};
    const auto library = [&] {
      const auto result = executor->execute(plain);
      if (!result || result->exit_code != 0) give_up("/bin/true failed in the library");
    };
    const auto ours = [&] {
      const auto result = manager.execute(managed, kCaller);
      if (!result || (*result)->exit_code != 0) give_up("/bin/true failed in the manager");
    };
    const auto by_id = [&] {
      const auto id = manager.start(managed, kCaller);
      if (!id || !manager.wait(*id, kCaller)) give_up("/bin/true could not be started");
    };
    for (const auto& [name, samples] :
         {std::pair{"Manager::execute : Executor::execute, p50",
                    measure_pairs(options.samples, ours, library)},
          std::pair{"Manager::start to the result : Executor::execute, p50",
                    measure_pairs(options.samples, by_id, library)}}) {
      const double more = median(samples.ours) - median(samples.peer);
      rows.push_back({name, milliseconds(median(samples.ours)), milliseconds(median(samples.peer)),
                      fmt::format("+{:.3f} ms", more / 1e6), "<= +0.1 ms", more <= 100e3});
    }
    Samples together;
    for (int round = 0; round < 5; ++round) {
      together.ours.push_back(many(options.samples / 2, ours));
      together.peer.push_back(many(options.samples / 2, library));
    }
    const double share = 1 / median_ratio(together);
    rows.push_back({"64 callers at a time: Manager : Executor", per_second(median(together.ours)),
                    per_second(median(together.peer)), times(share), ">= 0.85", share >= 0.85});
  }
  rows.push_back(ready_again(options));
  rows.push_back(idle_bookkeeping(options));
  return rows;
}

}  // namespace cordon::bench
