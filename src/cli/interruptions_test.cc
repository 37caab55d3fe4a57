#include "cli/interruptions.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/testing/fake_backend.h"

namespace cordon::cli {
namespace {

class InterruptionsTest : public ::testing::Test {
 protected:
  InterruptionsTest() { ::sigprocmask(SIG_BLOCK, nullptr, &before_); }
  ~InterruptionsTest() override {
    ::alarm(0);
    std::signal(SIGHUP, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  // A command that has said that it is ready for its signals.
  static std::unique_ptr<testing::FakeProcess> command(const std::string& script) {
    auto process = testing::shell(script + "echo ready; while :; do sleep 1; done");
    pollfd output{.fd = process->stdout_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&output, 1, 20'000), 1);
    return process;
  }

  static int end_of(Process& process) {
    const auto end = process.wait();
    return end ? end->wait_status : -1;
  }

  static bool readable(int fd) {
    pollfd look{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) == 1;
  }

  CallerTerminal terminal_{-1};

 private:
  sigset_t before_{};
};

TEST_F(InterruptionsTest, TheFirstSignalIsTheCommands) {
  auto signals = Interruptions::catch_signals();
  ASSERT_TRUE(signals.has_value());
  const auto process = command("trap 'exit 7' TERM; ");
  EXPECT_FALSE(readable(signals->fd()));
  ::raise(SIGTERM);
  ASSERT_TRUE(readable(signals->fd()));
  signals->handle(*process, terminal_);
  const int status = end_of(*process);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  EXPECT_EQ(signals->requested(), SIGTERM);
  EXPECT_FALSE(signals->killed_for().has_value());
}

TEST_F(InterruptionsTest, TheSecondKills) {
  auto signals = Interruptions::catch_signals();
  ASSERT_TRUE(signals.has_value());
  const auto process = command("trap '' INT TERM; ");
  ::raise(SIGINT);
  signals->handle(*process, terminal_);
  EXPECT_FALSE(signals->killed_for().has_value());
  ::raise(SIGTERM);
  signals->handle(*process, terminal_);
  EXPECT_EQ(signals->killed_for(), SIGINT) << "what was asked for first";
  const int status = end_of(*process);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST_F(InterruptionsTest, PatienceHasAnEnd) {
  auto signals = Interruptions::catch_signals();
  ASSERT_TRUE(signals.has_value());
  const auto process = command("trap '' TERM; ");
  ::raise(SIGTERM);
  signals->handle(*process, terminal_);
  EXPECT_GT(::alarm(0), 0U) << "nothing would come after the grace";
  ::raise(SIGALRM);
  signals->handle(*process, terminal_);
  EXPECT_EQ(signals->killed_for(), SIGTERM);
  EXPECT_TRUE(WIFSIGNALED(end_of(*process)));
}

TEST_F(InterruptionsTest, WhatTheCallerIgnoresStaysIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  auto signals = Interruptions::catch_signals();
  ASSERT_TRUE(signals.has_value());
  ::raise(SIGHUP);
  EXPECT_FALSE(readable(signals->fd()));
}

TEST_F(InterruptionsTest, OthersAreOnlyPassedOn) {
  auto signals = Interruptions::catch_signals();
  ASSERT_TRUE(signals.has_value());
  const auto process = command("trap 'exit 9' USR1; ");
  ::raise(SIGWINCH);
  ::raise(SIGUSR1);
  signals->handle(*process, terminal_);
  EXPECT_FALSE(signals->requested().has_value());
  const int status = end_of(*process);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9) << status;
}

}  // namespace
}  // namespace cordon::cli
