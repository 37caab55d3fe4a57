#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {
namespace {

constexpr std::uint64_t kBytes = 1ULL << 30;

long resident_kib(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

struct Growth {
  long first_kib = 0;
  long most_kib = 0;
};

// Reads everything; looks at the writer's memory every 64 MiB.
Growth drain(const Command& command) {
  Child child(command);
  Growth growth;
  std::uint64_t got = 0;
  std::uint64_t next_look = kBytes / 16;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = read(child.stdout_fd(), buffer.data(), buffer.size());
    if (count < 0) give_up("read failed");
    if (count == 0) break;
    got += static_cast<std::uint64_t>(count);
    if (got < next_look) continue;
    next_look += kBytes / 16;
    const long now = resident_kib(child.pid());
    if (now == 0) continue;  // it has ended and what is left is in the pipe
    if (growth.first_kib == 0) growth.first_kib = now;
    growth.most_kib = std::max(growth.most_kib, now);
  }
  const int status = child.wait();
  if (status != 0 || got != kBytes) {
    give_up(fmt::format("{} bytes came out, wait status {:#x}", got, status));
  }
  return growth;
}

}  // namespace

std::vector<Row> output_stream(const Options& options) {
  const Command writer{"head", "-c", std::to_string(kBytes), "/dev/zero"};
  Command ours = cordon_run(options.cordon, writer);
  ours.insert(ours.begin() + 2, {"--output-limit", "2G"});
  Growth growth;
  const Samples samples = measure_pairs(5, [&] { growth = drain(ours); }, [&] { drain(writer); });
  const double ratio = 1 / median_ratio(samples);
  const auto rate = [](double nanoseconds) {
    return fmt::format("{:.2f} GiB/s", 1e9 / nanoseconds);
  };
  const long grown = growth.most_kib - growth.first_kib;
  return {{"1 GiB of output : a plain pipe", rate(median(samples.ours)), rate(median(samples.peer)),
           times(ratio), ">= 0.5", ratio >= 0.5},
          {"  the supervisor's memory meanwhile", fmt::format("+{} KiB", grown),
           fmt::format("{} KiB", growth.first_kib), "", "flat", grown <= 256}};
}

}  // namespace cordon::bench
