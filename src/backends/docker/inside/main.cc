// The first process of a container: it starts the command when Cordon says so, reaps, passes
// signals on, reports how the command ended, and ends everything when Cordon is gone. It runs as
// the command's user: what it must keep from the command, the lifeline above all, is kept by being
// not dumpable.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "core/unique_fd.h"
#include "protocol.h"

namespace {

using cordon::UniqueFd;
using cordon::first_process::kSocket;
using cordon::first_process::Order;
using cordon::first_process::Report;

constexpr int kSignalBase = 128;
constexpr int kNoWalls = 125;

void report(int lifeline, Report::Kind kind, int value) {
  const Report words{kind, value};
  ::send(lifeline, &words, sizeof words, MSG_NOSIGNAL);
}

[[noreturn]] void fail(int lifeline) {
  report(lifeline, Report::Kind::Failed, errno);
  ::_exit(kNoWalls);
}

int reach_cordon() {
  const int lifeline = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, kSocket, sizeof kSocket);
  if (lifeline < 0 ||
      ::connect(lifeline, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::_exit(kNoWalls);
  }
  return lifeline;
}

void load_filter(int lifeline) {
  static sock_filter steps[BPF_MAXINSNS];
  const ssize_t size = ::recv(lifeline, steps, sizeof steps, 0);
  if (size <= 0 || size % static_cast<ssize_t>(sizeof steps[0]) != 0) ::_exit(kNoWalls);
  const sock_fprog program{
      static_cast<unsigned short>(static_cast<std::size_t>(size) / sizeof steps[0]), steps};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    fail(lifeline);
  }
}

void await_begin(int lifeline) {
  Order order;
  const ssize_t size = ::recv(lifeline, &order, sizeof order, 0);
  if (size != sizeof order || order.kind != Order::Kind::Begin) ::_exit(kNoWalls);
}

// As execvp(3), but that what is no program is not given to a shell.
int exec_by_name(char** words) {
  if (std::strchr(words[0], '/') != nullptr) {
    ::execv(words[0], words);
    return errno;
  }
  const char* places = std::getenv("PATH");
  if (places == nullptr) places = "/usr/local/bin:/usr/bin:/bin";
  int outcome = ENOENT;
  while (*places != 0) {
    const char* const end = ::strchrnul(places, ':');
    char path[4096];
    const int size = std::snprintf(path, sizeof path, "%.*s/%s", static_cast<int>(end - places),
                                   places, words[0]);
    if (size > 0 && size < static_cast<int>(sizeof path)) {
      ::execv(path, words);
      if (errno != ENOENT && errno != ENOTDIR) outcome = errno;
    }
    places = *end == 0 ? end : end + 1;
  }
  return outcome;
}

[[noreturn]] void become_command(char** words, const sigset_t& mask, int failed) {
  // With a terminal, what is typed is the command's; SIGTTOU is still blocked here.
  ::setpgid(0, 0);
  if (::isatty(STDIN_FILENO) != 0) ::tcsetpgrp(STDIN_FILENO, ::getpid());
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int outcome = exec_by_name(words);
  [[maybe_unused]] const ssize_t size = ::write(failed, &outcome, sizeof outcome);
  ::_exit(kNoWalls);
}

pid_t start_command(int lifeline, char** words, const sigset_t& mask) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(lifeline);
  const UniqueFd heard(ends[0]);
  UniqueFd said(ends[1]);
  const pid_t command = ::fork();
  if (command < 0) fail(lifeline);
  if (command == 0) become_command(words, mask, said.get());
  said.reset();
  int outcome = 0;
  const ssize_t size = ::read(heard.get(), &outcome, sizeof outcome);
  if (size == sizeof outcome) {
    report(lifeline, Report::Kind::NotStarted, outcome);
    ::_exit(kNoWalls);
  }
  report(lifeline, Report::Kind::Started, 0);
  // The streams end with the command and what it started.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) UniqueFd(fd).reset();
  return command;
}

// Reports the end of the command, and stays until Cordon has looked at what was counted.
[[noreturn]] void leave(int lifeline, int status) {
  constexpr int kPatience = 10'000;  // ms
  report(lifeline, Report::Kind::Ended, status);
  pollfd closed{lifeline, POLLIN, 0};
  ::poll(&closed, 1, kPatience);
  ::_exit(WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status));
}

void reap(int lifeline, pid_t command) {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
    // The rest dies with this process.
    if (pid == command) leave(lifeline, status);
  }
}

[[noreturn]] void serve(int lifeline, int signals, pid_t command) {
  for (;;) {
    pollfd fds[2] = {{signals, POLLIN, 0}, {lifeline, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int number = static_cast<int>(info.ssi_signo);
      if (number != SIGCHLD) ::kill(command, number);
    }
    reap(lifeline, command);
    if (fds[1].revents == 0) continue;
    Order order;
    const ssize_t size = ::recv(lifeline, &order, sizeof order, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size != sizeof order) ::_exit(kSignalBase + SIGKILL);
    if (order.kind == Order::Kind::Signal) ::kill(command, order.value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return kNoWalls;
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const int lifeline = reach_cordon();
  const int signals = ::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) fail(lifeline);
  load_filter(lifeline);
  report(lifeline, Report::Kind::Ready, 0);
  await_begin(lifeline);
  serve(lifeline, signals, start_command(lifeline, argv + 1, before));
}
