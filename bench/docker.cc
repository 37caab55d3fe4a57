// A command in a container, against the docker command with the same options.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {

std::vector<Row> command_in_a_container(const Options& options) {
  const char* image = std::getenv("CORDON_BENCH_IMAGE");
  if (image == nullptr) {
    return {{"a container: CORDON_BENCH_IMAGE names no image", "", "", "", "", true}};
  }
  const std::string directory = options.work_dir + "/in-container";
  std::filesystem::create_directory(directory);
  const Command ours = {options.cordon, "run", "--image",  image,  "--workdir", directory,
                        "--pids",       "256", "--memory", "256M", "--disk",    "64M",
                        "--timeout",    "1m",  "--",       "true"};
  const std::string tmpfs = ":rw,nosuid,nodev,noexec,size=24m";
  const Command peer = {"docker",
                        "run",
                        "--rm",
                        "--init",
                        "--read-only",
                        "--user",
                        "65532:65532",
                        "--cap-drop",
                        "ALL",
                        "--security-opt",
                        "no-new-privileges",
                        "--network",
                        "none",
                        "--ipc",
                        "private",
                        "--cgroupns",
                        "private",
                        "--log-driver",
                        "none",
                        "--pids-limit",
                        "256",
                        "--memory",
                        "256m",
                        "--memory-swap",
                        "256m",
                        "--shm-size",
                        "8m",
                        "--oom-score-adj",
                        "500",
                        "--tmpfs",
                        "/tmp" + tmpfs,
                        "--tmpfs",
                        "/root" + tmpfs,
                        "--volume",
                        directory + ":" + directory,
                        "--workdir",
                        directory,
                        image,
                        "true"};
  // A container takes a hundred times as long as a sandbox.
  const std::size_t pairs = std::max<std::size_t>(options.samples / 50, 5);
  const Samples samples = measure_pairs(pairs, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  return {{"cordon run --image : docker run --rm", milliseconds(median(samples.ours)),
           milliseconds(median(samples.peer)), times(ratio), "<= 0.9", ratio <= 0.9}};
}

}  // namespace cordon::bench
