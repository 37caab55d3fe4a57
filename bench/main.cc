// Prints the table of promises of SPECIFICATION.md, measured on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <thread>

#include "benchmarks.h"
#include "child.h"

namespace {

using cordon::bench::Options;
using cordon::bench::Row;

struct Benchmark {
  std::string_view name;
  std::vector<Row> (*run)(const Options&);
};

constexpr Benchmark kBenchmarks[] = {
    {"start", cordon::bench::start_of_a_process},
    {"execute", cordon::bench::execute_in_a_program},
    {"throughput", cordon::bench::many_at_a_time},
    {"memory", cordon::bench::idle_memory},
    {"output", cordon::bench::output_stream},
    {"compile", cordon::bench::policy_compile},
    {"layers", cordon::bench::policy_layers},
    {"preset", cordon::bench::preset_of_a_run},
    {"guard", cordon::bench::guard_of_names},
    {"serve", cordon::bench::daemon_over_its_socket},
    {"manager", cordon::bench::manager_over_executor},
    {"docker", cordon::bench::command_in_a_container},
    {"lxc", cordon::bench::command_in_an_instance},
    {"gvisor", cordon::bench::command_on_gvisor},
    {"job", cordon::bench::job_with_much_data},
    {"env", cordon::bench::environments_of_projects},
};

void usage() {
  fmt::print(
      "usage: cordon-bench --cordon PROGRAM [--samples N] [NAME...]\n"
      "names: start execute throughput memory output compile layers preset guard "
      "serve manager docker lxc gvisor job env (default: all)\n"
      "CORDON_BENCH_FILES=N is the size of the tree of `compile` and `preset` (default 10000)\n"
      "CORDON_BENCH_IMAGE is the image for `docker`, `job` and `env`, of the engine that "
      "DOCKER_HOST "
      "names;\n"
      "CORDON_LXC_INSTANCE the instance for `lxc`, CORDON_BENCH_SHOWN a directory it shows\n");
}

// A ratio survives a busy machine only roughly, and a 99th percentile not at all.
void say_if_busy() {
  double load = 0;
  const double cores = std::thread::hardware_concurrency();
  if (getloadavg(&load, 1) == 1 && load > cores / 2) {
    fmt::print("The machine is busy (load {:.1f} on {:.0f} cores): expect worse figures.\n\n", load,
               cores);
  }
}

void print(const Row& row) {
  fmt::print("{:<52} {:>12} {:>12} {:>8}  {:<10} {}\n", row.what, row.ours, row.peer, row.ratio,
             row.promise,
             row.promise.empty() ? ""
             : row.held          ? "held"
                                 : "MISSED");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == cordon::bench::kMeasureOpens) {
    return cordon::bench::measure_opens();
  }
  Options options;
  std::vector<std::string_view> names;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--cordon" && i + 1 < argc) {
      options.cordon = std::filesystem::absolute(argv[++i]).string();
    } else if (word == "--samples" && i + 1 < argc) {
      options.samples = std::max(20UL, std::strtoul(argv[++i], nullptr, 10));
    } else if (word.starts_with('-')) {
      usage();
      return 2;
    } else {
      names.push_back(word);
    }
  }
  if (options.cordon.empty()) {
    usage();
    return 2;
  }
  std::string work_dir = (std::filesystem::temp_directory_path() / "cordon-bench.XXXXXX").string();
  if (mkdtemp(work_dir.data()) == nullptr) cordon::bench::give_up("no temporary directory");
  options.work_dir = work_dir;
  // `cordon run` works in the directory it is called in.
  std::filesystem::current_path(work_dir);

  say_if_busy();
  print({"what", "Cordon", "peer", "ratio", "promise", true});
  for (const auto& [name, run] : kBenchmarks) {
    if (!names.empty() && std::ranges::find(names, name) == names.end()) continue;
    for (const Row& row : run(options)) print(row);
  }
  std::filesystem::current_path("/");
  std::filesystem::remove_all(work_dir);
}
