#include "signals.h"

#include <sys/signalfd.h>

#include <csignal>

namespace cordon::inside {

UniqueFd signal_descriptor() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  // Blocked signals reach even an init that has no handler for them.
  return UniqueFd(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace cordon::inside
