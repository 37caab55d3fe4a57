#include "manager/clamp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "core/units.h"

namespace cordon {

namespace {

constexpr std::uint64_t kLeastMemory = 4 << 20;
constexpr double kLeastCpus = 0.01;
constexpr std::uint64_t kLeastDisk = 1 << 20;

template <class T>
struct Range {
  T least;
  T usual;
  T most;
};

class Clamps {
 public:
  template <class T, class Format>
  void apply(std::string_view name, std::optional<T>& value, const Range<T>& range, Format format) {
    if (!value) {
      value = range.usual;
      return;
    }
    const T given = std::clamp(*value, range.least, range.most);
    if (given == *value) return;
    made_.push_back({.name = std::string(name), .asked = format(*value), .given = format(given)});
    value = given;
  }
  std::vector<Adjustment> take() { return std::move(made_); }

 private:
  std::vector<Adjustment> made_;
};

std::string number(auto value) { return fmt::format("{}", value); }

}  // namespace

Result<std::vector<Adjustment>> clamp_limits(Limits& limits, const ManagerConfig& config) {
  using std::chrono::nanoseconds;
  if (limits.timeout && *limits.timeout <= nanoseconds(0)) {
    return std::unexpected(invalid_argument("limit the command",
                                            "to " + format_duration(*limits.timeout),
                                            "a timeout is longer than zero"));
  }
  if (limits.cpus && !(std::isfinite(*limits.cpus) && *limits.cpus > 0)) {
    return std::unexpected(invalid_argument("limit the command",
                                            fmt::format("to {} CPUs", *limits.cpus),
                                            "an amount of CPU is above zero"));
  }
  Clamps clamps;
  clamps.apply<nanoseconds>("limits.timeout", limits.timeout,
                            {nanoseconds(1), config.default_timeout, config.max_timeout},
                            format_duration);
  clamps.apply<std::uint64_t>(
      "limits.memory", limits.memory_bytes,
      {kLeastMemory, config.default_memory_bytes, config.max_memory_bytes.value()}, format_size);
  clamps.apply<double>("limits.cpus", limits.cpus,
                       {kLeastCpus, config.default_cpus, config.max_cpus.value()}, number<double>);
  clamps.apply<std::uint32_t>("limits.pids", limits.pids, {1, config.default_pids, config.max_pids},
                              number<std::uint32_t>);
  clamps.apply<std::uint64_t>(
      "limits.disk", limits.disk_bytes,
      {kLeastDisk, config.default_disk_bytes.value(), config.max_disk_bytes.value()}, format_size);
  clamps.apply<std::uint64_t>("limits.output", limits.output_bytes,
                              {0, config.default_output_bytes, config.max_output_bytes},
                              format_size);
  return clamps.take();
}

}  // namespace cordon
