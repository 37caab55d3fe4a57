#include "cli/interruptions.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace cordon::cli {

namespace {

constexpr unsigned kGraceSeconds = 2;

constexpr int kCaught[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGALRM,
                           SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH};

bool ignored_by_caller(int number) {
  struct sigaction action{};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<Interruptions> Interruptions::catch_signals() {
  sigset_t caught;
  sigemptyset(&caught);
  for (const int number : kCaught) {
    // A blocked signal is queued even where it is ignored, and would be read.
    if (!ignored_by_caller(number)) sigaddset(&caught, number);
  }
  sigset_t blocked = caught;
  // A background job writes to its terminal all the same, and a look at the keyboard fails instead
  // of stopping it.
  sigaddset(&blocked, SIGTTOU);
  sigaddset(&blocked, SIGTTIN);
  Interruptions interruptions;
  if (::sigprocmask(SIG_BLOCK, &blocked, nullptr) != 0) {
    return std::unexpected(system_error("catch signals"));
  }
  interruptions.signals_.reset(::signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!interruptions.signals_.valid()) return std::unexpected(system_error("catch signals"));
  return interruptions;
}

void Interruptions::handle(Process& process, CallerTerminal& terminal) {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    switch (number) {
      case SIGWINCH:
        (void)process.resize(terminal.size());
        break;
      case SIGUSR1:
      case SIGUSR2:
        (void)process.signal(number);
        break;
      case SIGTSTP:
        // The command stops with us, and goes on with us.
        terminal.restore();
        (void)process.signal(SIGSTOP);
        ::raise(SIGSTOP);
        (void)process.signal(SIGCONT);
        terminal.make_raw();
        break;
      case SIGCONT:
        terminal.make_raw();
        break;
      default:
        end(process, number);
        break;
    }
  }
}

void Interruptions::end(Process& process, int number) {
  if (!requested_) {
    requested_ = number;
    // A signal that cannot be delivered leaves nothing to wait for.
    if (process.signal(number)) {
      ::alarm(kGraceSeconds);
      return;
    }
  }
  killed_for_ = requested_;
  process.kill();
}

}  // namespace cordon::cli
