// A command in an instance that runs already, against the lxc command.
#include <algorithm>
#include <cstdlib>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {

std::vector<Row> command_in_an_instance(const Options& options) {
  const char* instance = std::getenv("CORDON_LXC_INSTANCE");
  const char* directory = std::getenv("CORDON_BENCH_SHOWN");
  if (instance == nullptr || directory == nullptr) {
    return {{"an instance: CORDON_LXC_INSTANCE names none, or CORDON_BENCH_SHOWN nothing of it", "",
             "", "", "", true}};
  }
  const Command ours = {options.cordon, "run",       "--backend", "lxc", "--workdir",
                        directory,      "--timeout", "1m",        "--",  "true"};
  const Command peer = {"lxc", "exec", instance, "--cwd", directory, "--", "true"};
  run(ours);  // puts the program inside
  const std::size_t pairs = std::max<std::size_t>(options.samples / 50, 5);
  const Samples samples = measure_pairs(pairs, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  return {{"cordon run in an instance : lxc exec", milliseconds(median(samples.ours)),
           milliseconds(median(samples.peer)), times(ratio), "<= 1.3", ratio <= 1.3}};
}

}  // namespace cordon::bench
