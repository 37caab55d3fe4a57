#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/unique_fd.h"

namespace cordon::cli {
namespace {

enum class Ground { Fore, Back };

bool reads_lines(int fd) {
  termios settings{};
  return ::tcgetattr(fd, &settings) == 0 && (settings.c_lflag & ICANON) != 0;
}

// Runs a check in a process that has a terminal of its own; the check's answer.
bool on_terminal(Ground ground, bool (*check)(int terminal)) {
  const UniqueFd controller(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  int unlock = 0;
  ::ioctl(controller.get(), TIOCSPTLCK, &unlock);
  const UniqueFd terminal(::ioctl(controller.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY));
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::ioctl(terminal.get(), TIOCSCTTY, 0) != 0) ::_exit(3);
    if (ground == Ground::Back) {
      // The foreground is another group's: that of a child which waits to be killed.
      const pid_t other = ::fork();
      if (other == 0) {
        ::pause();
        ::_exit(0);
      }
      ::setpgid(other, other);
      ::tcsetpgrp(terminal.get(), other);
      const bool answer = check(terminal.get());
      ::kill(other, SIGKILL);
      ::_exit(answer ? 0 : 1);
    }
    ::_exit(check(terminal.get()) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(CallerTerminal, IsRawUntilItIsRestored) {
  EXPECT_TRUE(on_terminal(Ground::Fore, [](int fd) {
    CallerTerminal terminal(fd);
    const bool lines_before = reads_lines(fd);
    terminal.make_raw();
    terminal.make_raw();  // of a raw terminal nothing is remembered
    const bool lines_meanwhile = reads_lines(fd);
    terminal.restore();
    return lines_before && !lines_meanwhile && reads_lines(fd);
  }));
}

TEST(CallerTerminal, IsRestoredByTheDestructor) {
  EXPECT_TRUE(on_terminal(Ground::Fore, [](int fd) {
    {
      CallerTerminal(fd).make_raw();
    }
    return reads_lines(fd);
  }));
}

TEST(CallerTerminal, OfAnotherJobIsLeftAlone) {
  EXPECT_TRUE(on_terminal(Ground::Back, [](int fd) {
    CallerTerminal terminal(fd);
    terminal.make_raw();
    return reads_lines(fd);
  }));
}

TEST(CallerTerminal, WithoutOneThereIsNothingToDo) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {-1, null.get()}) {
    CallerTerminal terminal(fd);
    terminal.make_raw();
    terminal.restore();
  }
}

}  // namespace
}  // namespace cordon::cli
