// Writing to a descriptor of the caller's that may be blocking, shared with other programs, or
// stuck: never blocks the supervisor and never changes the descriptor's flags.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/unique_fd.h"

namespace cordon {

// What became of one attempt. `bytes` is 0 unless Moved.
struct Transfer {
  enum class State {
    Moved,
    Ended,        // the source has no more
    WouldBlock,   // the source is empty or the destination full
    Unsupported,  // splice: not between these two
    Failed,       // the destination cannot be written: see error_number
  };
  State state = State::Moved;
  std::size_t bytes = 0;
  int error_number = 0;
};

class LiveOutput {
 public:
  explicit LiveOutput(int fd);

  // Wait for POLLOUT on this one.
  int fd() const { return own_.valid() ? own_.get() : fd_; }
  bool can_splice() const { return splice_; }
  // A write that would wait is refused; call only after POLLOUT.
  Transfer write(std::string_view bytes);
  // Moves pages from a pipe without copying them.
  Transfer splice_from(int pipe, std::size_t most);

 private:
  enum class Kind { Pipe, Terminal, Socket, Other };

  int fd_;
  UniqueFd own_;  // the same pipe or terminal, opened again: non-blocking for this supervisor alone
  Kind kind_ = Kind::Other;
  bool tried_own_ = false;
  bool splice_ = false;
};

}  // namespace cordon
