#include "benchmarks.h"
#include "child.h"
#include "cordon/executor.h"

namespace cordon::bench {

std::vector<Row> execute_in_a_program(const Options& options) {
  auto executor = Executor::create();
  if (!executor) give_up(executor.error().message());
  ExecutionRequest request;
  request.command = "/bin/true";
  request.work_dir = options.work_dir;
  const auto ours = [&] {
    const auto result = executor->execute(request);
    if (!result) give_up(result.error().message());
    if (result->status != ExecutionStatus::Completed) give_up("/bin/true failed: " + result->error);
  };
  const Samples samples = measure_pairs(options.samples * 2, ours, [] { run({"/bin/true"}); });
  const double middle = median_ratio(samples);
  const double ours_tail = percentile(samples.ours, 0.99);
  const double peer_tail = percentile(samples.peer, 0.99);
  const double tail = ours_tail / peer_tail;
  return {{"Executor::execute : posix_spawn, p50", milliseconds(median(samples.ours)),
           milliseconds(median(samples.peer)), times(middle), "<= 2.5", middle <= 2.5},
          {"Executor::execute : posix_spawn, p99", milliseconds(ours_tail), milliseconds(peer_tail),
           times(tail), "<= 5", tail <= 5}};
}

}  // namespace cordon::bench
