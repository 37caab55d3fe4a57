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

#include "core/unique_fd.h"
#include "report.h"

namespace cordon::inside {

namespace {

constexpr int kAnnounce = SIGUSR1;
// Cordon makes the instance and starts the command in one go; a store that works hard is slow.
constexpr int kCommandPatience = 120'000;  // ms
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

UniqueFd signal_descriptor() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  // Blocked signals reach even an init that has no handler for them.
  return UniqueFd(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

struct Heard {
  UniqueFd command;  // a pidfd
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
  if (::kill(1, kAnnounce) != 0) fail("tell the instance's init");
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
    pollfd fds[2] = {{signals, POLLIN, 0}, {heard.command.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, patience);
    if (ready == 0) break;
    reap();
    if (fds[0].revents != 0) hear(signals, heard);
    if (heard.command.valid()) patience = -1;
    if (fds[1].revents != 0) {
      kill_the_rest();
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
