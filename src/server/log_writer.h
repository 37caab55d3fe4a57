// Lines for a reader who may not read: a pipe whose other end hangs takes what fits, then stops
// whoever writes to it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/unique_fd.h"

namespace cordon::server {

// Thread-safe. Never waits for the reader: a thread of its own does. What comes while too much
// waits already is dropped; how many lines that were is said in a line of its own, in their place.
class LogWriter {
 public:
  static constexpr std::size_t kMostWaiting = 1 << 20;  // bytes

  explicit LogWriter(UniqueFd fd);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  // Waits a second at most for what was not written yet.
  ~LogWriter();

  // `line` with its newline.
  void write(std::string_view line);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cordon::server
