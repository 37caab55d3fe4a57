#include "init.h"

#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "core/unique_fd.h"
#include "report.h"
#include "signals.h"

namespace cordon::inside {

namespace {

constexpr int kAnnounce = SIGUSR1;
// Cordon makes the instance and starts the command in one go; a store that works hard is slow.
constexpr int kCommandPatience = 120'000;  // ms
constexpr int kAnswerPatience = 60;        // s
// How long the counters stay to be looked at when nobody stops the instance.
constexpr int kAfterwards = 10'000;  // ms

void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

// A process that forks meanwhile loses: all of its children are hit by the next round.
void kill_the_rest() {
  for (;;) {
    const bool nobody = ::kill(-1, SIGKILL) != 0 && errno == ESRCH;
    reap();
    if (nobody) return;
    constexpr int kPause = 1;
    ::poll(nullptr, 0, kPause);
  }
}

struct Heard {
  UniqueFd command;  // a pidfd
  UniqueFd errors;   // the command's, as it began: whoever reads it may go away
  bool stop = false;
};

void hear(int signals, Heard& heard) {
  signalfd_siginfo info{};
  while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int number = static_cast<int>(info.ssi_signo);
    // Only root of the instance can send it, and the command never is.
    if (number == kAnnounce && !heard.command.valid()) {
      heard.command.reset(
          static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(info.ssi_pid), 0)));
      // Linux 5.6; where it cannot be had only the store ends the command.
      heard.errors.reset(
          static_cast<int>(::syscall(SYS_pidfd_getfd, heard.command.get(), STDERR_FILENO, 0)));
      ::kill(static_cast<pid_t>(info.ssi_pid), kAnnounce);
    }
    if (number == SIGPWR || number == SIGTERM || number == SIGINT) heard.stop = true;
  }
}

}  // namespace

void raise_loopback() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return;  // a host without IPv4
  ifreq request{.ifr_ifrn = {.ifrn_name = "lo"}, .ifr_ifru = {}};
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ::ioctl(socket.get(), SIOCSIFFLAGS, &request);
}

void announce_command() {
  sigset_t answer;
  sigset_t before;
  ::sigemptyset(&answer);
  ::sigaddset(&answer, kAnnounce);
  ::sigprocmask(SIG_BLOCK, &answer, &before);
  const timespec patience{kAnswerPatience, 0};
  // The command may close what init watches: not before init has it.
  if (::kill(1, kAnnounce) != 0 || ::sigtimedwait(&answer, nullptr, &patience) != kAnnounce) {
    fail("tell the instance's init");
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

void run_init() {
  const UniqueFd descriptor = signal_descriptor();
  const int signals = descriptor.get();
  if (signals < 0) fail("watch signals");
  ::setsid();
  raise_loopback();
  Heard heard;
  int patience = kCommandPatience;
  while (!heard.stop) {
    pollfd fds[3] = {
        {signals, POLLIN, 0}, {heard.command.get(), POLLIN, 0}, {heard.errors.get(), 0, 0}};
    const int ready = ::poll(fds, 3, patience);
    if (ready == 0) break;
    reap();
    if (fds[0].revents != 0) hear(signals, heard);
    if (heard.command.valid()) patience = -1;
    // It has ended, or the store is gone.
    if (fds[1].revents != 0 || fds[2].revents != 0) {
      kill_the_rest();
      // The store waits for the end of what it reads.
      heard.errors.reset();
      patience = kAfterwards;
      // Nobody is left to announce another one.
      pollfd stop{signals, POLLIN, 0};
      while (!heard.stop && ::poll(&stop, 1, patience) > 0) hear(signals, heard);
      break;
    }
  }
  ::_exit(0);
}

}  // namespace cordon::inside
