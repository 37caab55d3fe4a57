// Turns a write to a pipe without a reader into plain EPIPE for this thread. The disposition of
// SIGPIPE belongs to the program that uses the library, and pipes know no MSG_NOSIGNAL: so the
// signal, which the kernel sends to the writing thread itself, is blocked here and taken out of the
// queue at the end.
#pragma once

#include <csignal>
#include <ctime>

namespace cordon {

class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigemptyset(&pending);
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;
  ~SigpipeBlock() {
    // One that was there before is somebody else's.
    const timespec now{};
    if (!was_pending_) ::sigtimedwait(&pipe_, nullptr, &now);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace cordon
