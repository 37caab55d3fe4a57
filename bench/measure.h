// Times two things against each other: one of each in turn, so that a machine that slows down slows
// both.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

namespace cordon::bench {

using Nanoseconds = std::chrono::duration<double, std::nano>;

// One line of the table.
struct Row {
  std::string what;
  std::string ours;
  std::string peer;
  std::string ratio;
  std::string promise;
  bool held = false;
};

struct Options {
  std::string cordon;          // the program
  std::string work_dir;        // an empty directory, removed afterwards
  std::size_t samples = 1000;  // pairs; the slow benchmarks divide it
};

struct Samples {
  std::vector<double> ours;  // nanoseconds
  std::vector<double> peer;
};

// The value below which `share` of the samples lie.
double percentile(std::vector<double> values, double share);
inline double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }
// The median of the ratios of the pairs: one disturbed pair does not move it.
double median_ratio(const Samples& samples);

std::string milliseconds(double nanoseconds);
std::string times(double ratio);

template <std::invocable Action>
double time(Action&& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return Nanoseconds(std::chrono::steady_clock::now() - start).count();
}

template <std::invocable Ours, std::invocable Peer>
Samples measure_pairs(std::size_t count, Ours&& ours, Peer&& peer) {
  Samples samples;
  for (std::size_t i = 0; i < count / 20 + 1; ++i) {  // caches and pools fill up first
    ours();
    peer();
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool ours_first = i % 2 == 0;
    if (ours_first) samples.ours.push_back(time(ours));
    samples.peer.push_back(time(peer));
    if (!ours_first) samples.ours.push_back(time(ours));
  }
  return samples;
}

}  // namespace cordon::bench
