#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {

std::vector<Row> start_of_a_process(const Options& options) {
  const Command ours = cordon_run(options.cordon, {"/bin/true"});
  const Command peer = bwrap({"/bin/true"});
  const Samples samples = measure_pairs(options.samples, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  const Samples floor =
      measure_pairs(options.samples / 4, [&] { run(ours); }, [] { run({"/bin/true"}); });
  return {{"cordon run -- /bin/true : bwrap", milliseconds(median(samples.ours)),
           milliseconds(median(samples.peer)), times(ratio), "<= 0.5", ratio <= 0.5},
          {"  the same : /bin/true alone", milliseconds(median(floor.ours)),
           milliseconds(median(floor.peer)), times(median_ratio(floor)), "", true}};
}

}  // namespace cordon::bench
