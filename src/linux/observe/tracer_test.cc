#include "observe/tracer.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

namespace cordon::observe {
namespace {

// Remembers what it is told of two calls.
class Recorder : public Watcher {
 public:
  struct Left {
    pid_t thread;
    std::int64_t number;
    std::int64_t result;
  };

  bool wants(const Call& call) override {
    return call.number == __NR_openat || call.number == __NR_getppid;
  }
  void entering(pid_t, const Call&) override { ++entered; }
  void left(pid_t thread, const Call& call, std::int64_t result) override {
    leaving.push_back({thread, call.number, result});
  }
  void executed(pid_t process) override { programs.push_back(process); }
  void appeared(pid_t thread) override { threads.push_back(thread); }
  void died(pid_t thread, int status, const Call*) override {
    deaths.push_back({thread, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)});
  }

  struct Death {
    pid_t thread;
    int exit_code;  // -signal
  };

  long died_with(int code) const { return std::ranges::count(deaths, code, &Death::exit_code); }

  int entered = 0;
  std::vector<Left> leaving;
  std::vector<pid_t> programs;
  std::vector<pid_t> threads;
  std::vector<Death> deaths;
};

long open_what_is_not_there() {
  return ::syscall(__NR_openat, AT_FDCWD, "/no/such/file", O_RDONLY, 0);
}

// A first process, as a sandbox has one: it is seized before it starts the command, which is then
// followed.
void trace(Watcher& watcher, const std::function<int()>& command) {
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const pid_t first = fork();
  if (first == 0) {
    char byte = 0;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    open_what_is_not_there();  // its own calls are nobody's business
    const pid_t child = fork();
    if (child == 0) _exit(command());
    waitpid(child, nullptr, 0);
    _exit(0);
  }
  close(gate[0]);
  Tracer tracer(watcher);
  const auto seized = tracer.seize(first);
  ASSERT_TRUE(seized) << seized.error().message();
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  close(gate[1]);
  tracer.run();
  EXPECT_EQ(waitpid(first, nullptr, WNOHANG), -1) << "somebody is left";
}

TEST(Tracer, FollowsTheCommandAndWhatItStarts) {
  Recorder seen;
  trace(seen, [] {
    open_what_is_not_there();
    const pid_t child = fork();
    if (child == 0) _exit(getppid() > 0 ? 3 : 4);
    waitpid(child, nullptr, 0);
    return 7;
  });
  ASSERT_EQ(seen.leaving.size(), 2U);
  EXPECT_EQ(seen.entered, 2);
  EXPECT_EQ(seen.leaving[0].number, __NR_openat);
  EXPECT_EQ(seen.leaving[0].result, -ENOENT);
  EXPECT_EQ(seen.leaving[1].number, __NR_getppid);
  EXPECT_EQ(seen.leaving[1].result, seen.leaving[0].thread) << "the child's parent";
  EXPECT_EQ(seen.threads.size(), 2U);
  EXPECT_EQ(seen.died_with(7), 1);
  EXPECT_EQ(seen.died_with(3), 1);
}

volatile sig_atomic_t signals = 0;

TEST(Tracer, LetsSignalsThrough) {
  Recorder seen;
  trace(seen, [] {
    signal(SIGUSR1, [](int) { signals = signals + 1; });
    raise(SIGUSR1);
    return signals == 1 ? 9 : 1;
  });
  EXPECT_EQ(seen.died_with(9), 1);
  trace(seen, [] { return raise(SIGKILL); });
  EXPECT_EQ(seen.died_with(-SIGKILL), 1);
}

TEST(Tracer, AStoppedProcessStaysStoppedUntilItIsContinued) {
  Recorder seen;
  trace(seen, [] {
    const pid_t child = fork();
    if (child == 0) {
      raise(SIGSTOP);
      _exit(5);
    }
    int status = 0;
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 1;
    kill(child, SIGCONT);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 2;
    return WEXITSTATUS(status) == 5 ? 8 : 3;
  });
  EXPECT_EQ(seen.died_with(8), 1);
}

TEST(Tracer, TellsOfANewProgram) {
  Recorder seen;
  trace(seen, [] {
    execl("/bin/true", "true", nullptr);
    return 1;
  });
  ASSERT_EQ(seen.programs.size(), 1U);
  EXPECT_EQ(seen.programs[0], seen.threads.at(0));
  EXPECT_EQ(seen.died_with(0), 1);
}

TEST(Tracer, SaysWhatForbidsIt) {
  Recorder seen;
  Tracer tracer(seen);
  const auto seized = tracer.seize(getpid());  // nobody may trace himself
  ASSERT_FALSE(seized);
  EXPECT_EQ(seized.error().code, ErrorCode::Unsupported);
  EXPECT_TRUE(seized.error().remedy.contains("ptrace_scope")) << seized.error().remedy;
}

}  // namespace
}  // namespace cordon::observe
