#include "shared.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/unique_fd.h"
#include "report.h"
#include "signals.h"

namespace cordon::inside {

namespace {

constexpr int kSignalBase = 128;

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
}

sigset_t block_all() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  return before;
}

// Ends as `child` does, or when the other end of `watched` is closed; -1: none. What is sent to
// this process goes on to the child.
[[noreturn]] void follow(pid_t child, int watched) {
  const UniqueFd signals = signal_descriptor();
  if (!signals.valid()) fail("watch signals");
  pollfd fds[2] = {{signals.get(), POLLIN, 0}, {watched, 0, 0}};
  for (;;) {
    ::poll(fds, 2, -1);
    if (fds[1].revents != 0) ::_exit(kSignalBase + SIGKILL);
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (number != SIGCHLD) {
      // What the terminal sends, everybody has got.
      if (info.ssi_code != SI_KERNEL) ::kill(child, number);
      continue;
    }
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, WNOHANG);
      if (ended <= 0) break;
      if (ended == child) ::_exit(exit_code_of(status));
    }
  }
}

void release_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= STDERR_FILENO && null >= 0; ++fd) ::dup2(null, fd);
}

}  // namespace

void stay_as_parent_of_init(int lifeline) {
  const sigset_t before = block_all();
  // Readable once this process is gone: that may happen before the child asked to be told.
  int alive[2];
  if (::pipe2(alive, O_CLOEXEC | O_NONBLOCK) != 0) fail("make a pipe");
  UniqueFd read_end(alive[0]);
  UniqueFd write_end(alive[1]);
  const pid_t init = ::fork();
  if (init < 0) fail("start the first process");
  if (init > 0) {
    read_end.reset();
    // The command can close its own, and read from neither.
    const int watched =
        lifeline >= 0 ? lifeline : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (watched < 0) fail("watch over the streams");
    release_streams();
    follow(init, watched);
  }
  write_end.reset();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  char byte = 0;
  if (::read(read_end.get(), &byte, 1) == 0) ::_exit(kSignalBase + SIGKILL);
  read_end.reset();
  const pid_t command = ::fork();
  if (command < 0) fail("start the command");
  if (command > 0) {
    release_streams();
    follow(command, -1);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace cordon::inside
