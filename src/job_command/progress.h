// What a person who waits for a job sees of its input and its artifacts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cordon/job.h"

namespace cordon::job_command {

// On standard error: a line that is replaced on a terminal, one every ten seconds elsewhere, and
// none in the first second.
class ProgressLine {
 public:
  ProgressLine();
  void show(const JobProgress& progress);
  // Takes the line away before something else is written there.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point next_;
};

// "reading the input: 1200 files and directories, 1.5 GiB"; empty for phases without.
std::string progress_text(const JobProgress& progress);

}  // namespace cordon::job_command
