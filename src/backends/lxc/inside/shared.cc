#include "shared.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/unique_fd.h"
#include "report.h"

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

// The kernel sends SIGIO when the other end is closed.
void ask_for_end_of(int lifeline) {
  if (::fcntl(lifeline, F_SETOWN, ::getpid()) != 0 ||
      ::fcntl(lifeline, F_SETFL, O_ASYNC | O_NONBLOCK) != 0) {
    fail("watch over the lifeline");
  }
  char byte = 0;
  if (::read(lifeline, &byte, 1) == 0) ::_exit(kSignalBase + SIGKILL);
}

// Ends as `child` does, or when SIGIO says so where that is `end_by_io`. What else is sent to this
// process goes on to the child.
[[noreturn]] void follow(pid_t child, bool end_by_io) {
  sigset_t all;
  ::sigfillset(&all);
  for (;;) {
    siginfo_t info{};
    const int number = ::sigwaitinfo(&all, &info);
    if (number == SIGIO && end_by_io) ::_exit(kSignalBase + SIGKILL);
    if (number != SIGCHLD) {
      // What the terminal sends, everybody has got.
      if (number > 0 && info.si_code != SI_KERNEL) ::kill(child, number);
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
    release_streams();
    if (lifeline >= 0) ask_for_end_of(lifeline);
    follow(init, lifeline >= 0);
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
    follow(command, false);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace cordon::inside
