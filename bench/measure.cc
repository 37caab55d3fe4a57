#include "measure.h"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::bench {

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto index = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + index);
  return values[static_cast<std::size_t>(index)];
}

double median_ratio(const Samples& samples) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < samples.ours.size(); ++i) {
    ratios.push_back(samples.ours[i] / samples.peer[i]);
  }
  return median(std::move(ratios));
}

std::string milliseconds(double nanoseconds) { return fmt::format("{:.2f} ms", nanoseconds / 1e6); }
std::string times(double ratio) { return fmt::format("{:.2f}", ratio); }

}  // namespace cordon::bench
