// A job with 100 MiB in and 100 MiB out, against `docker cp` in and out of a container that is
// there.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {

namespace {

constexpr std::size_t kFiles = 10;
constexpr std::size_t kFileBytes = 10 << 20;
constexpr long kMostKib = 32 << 10;

std::string make_tar(const std::string& directory) {
  std::filesystem::create_directories(directory + "/data");
  std::mt19937_64 random(1);
  std::string bytes(kFileBytes, '\0');
  for (std::size_t i = 0; i < kFiles; ++i) {
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::ofstream(fmt::format("{}/data/{}", directory, i), std::ios::binary) << bytes;
  }
  run({"tar", "--create", "--file", directory + "/in.tar", "--directory", directory, "data"});
  return directory + "/in.tar";
}

Command shell(const std::string& script) { return {"sh", "-ec", script}; }

// The most that the process or one that it waited for had in memory.
long peak_kib(const Command& command) {
  std::vector<char*> arguments;
  Command words = command;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (::wait4(pid, &status, 0, &usage) != pid || status != 0) give_up("a job failed");
  return usage.ru_maxrss;
}

}  // namespace

std::vector<Row> job_with_much_data(const Options& options) {
  const char* image = std::getenv("CORDON_BENCH_IMAGE");
  if (image == nullptr) return {{"a job: CORDON_BENCH_IMAGE names no image", "", "", "", "", true}};
  const std::string place = options.work_dir + "/job";
  const std::string tar = make_tar(place);
  const auto job = [&](std::vector<std::string> where) {
    Command command = {options.cordon, "job",  "--no-policy-files", "--input",      tar,
                       "--collect",    "data", "--output",          place + "/out", "--staging",
                       place + "/s"};
    command.insert(command.end(), where.begin(), where.end());
    command.insert(command.end(), {"--", "true"});
    return command;
  };
  const Command ours = job({"--image", image, "--pull", "never"});
  const std::string name = fmt::format("cordon-bench-{}", ::getpid());
  run({"docker", "create", "--name", name, image, "true"});
  const Command peer = shell(fmt::format(
      "docker cp - {0}:/tmp < {1}; docker cp {0}:/tmp/data - > {2}/peer.tar", name, tar, place));
  const std::size_t pairs = std::max<std::size_t>(options.samples / 100, 5);
  const Samples samples = measure_pairs(pairs, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  const long kib = std::max(peak_kib(ours), peak_kib(job({})));
  run({"docker", "rm", "--force", name});
  return {{"job, 100 MiB in and out : docker cp in and out", milliseconds(median(samples.ours)),
           milliseconds(median(samples.peer)), times(ratio), "<= 1.3", ratio <= 1.3},
          {"memory of Cordon meanwhile", fmt::format("{:.1f} MiB", static_cast<double>(kib) / 1024),
           "", "", "<= 32 MiB", kib <= kMostKib}};
}

}  // namespace cordon::bench
