// How far the engine is with fetching an image, for whoever watches.
#pragma once

#include <map>
#include <string>

#include "cordon/backend.h"

namespace cordon::cli {

// On a terminal one line that changes; elsewhere a line for each step of a layer. Not thread-safe.
class PullReport {
 public:
  PullReport(int fd, const std::string& image);
  PullReport(const PullReport&) = delete;
  PullReport& operator=(const PullReport&) = delete;
  ~PullReport();

  void show(const PullProgress& progress);

 private:
  void show_on_terminal();

  struct Layer {
    std::string status;
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
  };
  const int fd_;
  const std::string image_;
  const bool terminal_;
  std::map<std::string, Layer> layers_;
  std::string shown_;
};

}  // namespace cordon::cli
