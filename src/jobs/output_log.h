// In which order two streams came.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cordon/job.h"

namespace cordon::jobs {

class OutputLog {
 public:
  // `most_bytes` of each stream are kept by the result: what comes after has no place in the log.
  explicit OutputLog(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  void add(Stream stream, std::string_view bytes);
  bool complete() const { return complete_; }
  // Cut to what the result keeps of each stream.
  std::vector<LogTurn> take(std::uint64_t stdout_bytes, std::uint64_t stderr_bytes);

 private:
  std::uint64_t most_bytes_;
  std::uint64_t seen_[2] = {0, 0};
  std::vector<LogTurn> turns_;
  bool complete_ = true;
};

}  // namespace cordon::jobs
