// Directories full of files, for what must not cost anything per file.
#pragma once

#include <cstddef>
#include <string>

#include "measure.h"

namespace cordon::bench {

inline constexpr std::size_t kTreeDirectories = 1000;  // named 000 to 999
inline constexpr std::size_t kFewFiles = kTreeDirectories;

// CORDON_BENCH_FILES, or 10,000; between kFewFiles and a million.
std::size_t wanted_files();
// A tree of that many empty files below the benchmark's directory, made once. Returns its root.
std::string tree_of(const Options& options, std::size_t files);

}  // namespace cordon::bench
