// What the guard costs: for each call that it is asked about, and for a start.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "benchmarks.h"
#include "child.h"
#include "core/unique_fd.h"

namespace cordon::bench {
namespace {

constexpr int kCalls = 2000;

// Nanoseconds for one open in a sandbox, as the sandboxed benchmark itself measured them.
double opens_in_a_sandbox(const Options& options, const Command& rules) {
  const std::string self = std::filesystem::canonical("/proc/self/exe");
  Command command = {options.cordon, "run", "--read",
                     std::filesystem::path(self).parent_path().string()};
  command.insert(command.end(), rules.begin(), rules.end());
  command.insert(command.end(), {"--", self, kMeasureOpens});
  Child child(command);
  std::array<char, 64> text{};
  const ssize_t size = read(child.stdout_fd(), text.data(), text.size() - 1);
  if (child.wait() != 0 || size <= 0) give_up("the sandboxed benchmark failed");
  return std::strtod(text.data(), nullptr);
}

}  // namespace

int measure_opens() {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) {
    const UniqueFd fd(open("/dev/shm/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) return 1;
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  fmt::print("{}\n", taken.count() / kCalls);
  return 0;
}

std::vector<Row> guard_of_names(const Options& options) {
  Samples opens;
  for (std::size_t i = 0; i < options.samples / 10; ++i) {
    opens.ours.push_back(opens_in_a_sandbox(options, {}));
    opens.peer.push_back(opens_in_a_sandbox(options, {"--read", "."}));  // nothing to guard
  }
  const double more = median(opens.ours) - median(opens.peer);
  const Command guarded = cordon_run(options.cordon, {"/bin/true"});
  Command plain = guarded;
  plain.insert(plain.begin() + 2, {"--read", "."});
  const Samples starts = measure_pairs(options.samples, [&] { run(guarded); }, [&] { run(plain); });
  return {{"an open to write: guarded : not", fmt::format("{:.1f} us", median(opens.ours) / 1e3),
           fmt::format("{:.1f} us", median(opens.peer) / 1e3),
           fmt::format("+{:.1f} us", more / 1e3), "<= +20 us", more <= 20e3},
          {"cordon run -- /bin/true: guarded : not", milliseconds(median(starts.ours)),
           milliseconds(median(starts.peer)), times(median_ratio(starts)), "<= 1.05",
           median_ratio(starts) <= 1.05}};
}

}  // namespace cordon::bench
