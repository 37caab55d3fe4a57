#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "benchmarks.h"
#include "child.h"
#include "cordon/executor.h"

namespace cordon::bench {
namespace {

constexpr std::size_t kAtATime = 16;

void under_xargs(const Command& command, std::size_t runs) {
  // xargs adds a number to the command line, which /bin/true does not mind.
  run({"sh", "-c",
       fmt::format("seq {} | xargs -n1 -P{} {}", runs, kAtATime, fmt::join(command, " "))});
}

void in_one_program(Executor& executor, const ExecutionRequest& request, std::size_t runs) {
  std::atomic<std::size_t> started = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kAtATime; ++i) {
    threads.emplace_back([&] {
      while (started++ < runs) {
        const auto result = executor.execute(request);
        if (!result) give_up(result.error().message());
        if (result->exit_code != 0) give_up("/bin/true failed: " + result->error);
      }
    });
  }
}

std::string per_second(std::size_t runs, double nanoseconds) {
  return fmt::format("{:.0f}/s", static_cast<double>(runs) / nanoseconds * 1e9);
}

}  // namespace

std::vector<Row> many_at_a_time(const Options& options) {
  // In rounds, so that both see the same machine.
  constexpr std::size_t kRounds = 5;
  const std::size_t runs = options.samples * 2 / kRounds;
  auto executor = Executor::create();
  if (!executor) give_up(executor.error().message());
  ExecutionRequest request;
  request.command = "/bin/true";
  request.work_dir = options.work_dir;
  const Command ours = cordon_run(options.cordon, {"/bin/true"});
  const Command peer = bwrap({"/bin/true"});
  const auto theirs = [&] { under_xargs(peer, runs); };
  const Samples programs = measure_pairs(kRounds, [&] { under_xargs(ours, runs); }, theirs);
  const Samples calls =
      measure_pairs(kRounds, [&] { in_one_program(*executor, request, runs); }, theirs);
  std::vector<Row> rows;
  for (const auto& [name, samples] :
       {std::pair{"16 at a time: cordon run : bwrap, both under xargs", &programs},
        std::pair{"16 at a time: one program with 16 threads : bwrap", &calls}}) {
    const double ratio = 1 / median_ratio(*samples);
    rows.push_back({name, per_second(runs, median(samples->ours)),
                    per_second(runs, median(samples->peer)), times(ratio), ">= 2", ratio >= 2});
  }
  return rows;
}

}  // namespace cordon::bench
