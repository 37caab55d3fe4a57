// Signals that ask a job to end, as a stop token.
#pragma once

#include <signal.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::job_command {

class StopOnSignal {
 public:
  // Blocks SIGHUP, SIGINT, SIGQUIT and SIGTERM, but for those that the caller ignores: call it
  // before other threads are started. Until it is gone, when a signal does again what it did.
  static Result<std::unique_ptr<StopOnSignal>> begin();
  ~StopOnSignal();

  std::stop_token token() const { return source_.get_token(); }
  // The signal that came; once the thread that waits has seen it.
  std::optional<int> signal() const;

 private:
  StopOnSignal(UniqueFd signals, UniqueFd end, sigset_t before)
      : signals_(std::move(signals)), end_(std::move(end)), before_(before) {}
  void wait();

  UniqueFd signals_;
  UniqueFd end_;
  sigset_t before_;
  std::stop_source source_;
  std::atomic<int> number_ = 0;
  std::thread thread_;
};

}  // namespace cordon::job_command
