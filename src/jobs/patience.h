// How long a job may take as a whole, and whether somebody wants it to end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::jobs {

class Patience {
 public:
  using Clock = std::chrono::steady_clock;
  enum class End { Time, Stop };

  static Result<std::unique_ptr<Patience>> begin(std::chrono::nanoseconds timeout,
                                                 std::stop_token stop);

  // Why there is none left; absent: there is.
  std::optional<End> ended() const;
  // An error where there is none left: whoever gets it asks ended() before he reports it.
  Result<void> check() const;
  // Until `fd` can be read, or written. Errors: as check().
  Result<void> wait_readable(int fd) const;
  Result<void> wait_writable(int fd) const;
  // For what is still brought back when there is none left: `grace` from now on. A stop that was
  // asked for by then is obeyed already.
  void extend(std::chrono::nanoseconds grace);

  // Readable when there is none left, for whoever waits elsewhere. As long as this lives.
  int end_fd() const { return either_.get(); }
  std::chrono::nanoseconds timeout() const { return timeout_; }
  std::chrono::nanoseconds left() const;

 private:
  struct Descriptors {
    UniqueFd event;
    UniqueFd timer;
    UniqueFd either;
  };
  static Result<Descriptors> open(std::chrono::nanoseconds timeout);
  Patience(std::chrono::nanoseconds timeout, std::stop_token stop, Descriptors descriptors);
  Result<void> wait(int fd, short events) const;

  std::chrono::nanoseconds timeout_;
  Clock::time_point deadline_;
  std::stop_token stop_;
  bool stop_obeyed_ = false;
  UniqueFd event_;   // readable once a stop was requested
  UniqueFd timer_;   // readable at the deadline
  UniqueFd either_;  // waits for both
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace cordon::jobs
