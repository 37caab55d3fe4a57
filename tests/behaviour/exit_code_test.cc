// What `cordon run` returns to the shell that called it.
#include <signal.h>

#include "support/callers.h"

namespace cordon::test {
namespace {

class ExitCode : public EveryCaller {};

TEST_P(ExitCode, IsTheCommandsOwn) {
  for (const int code : {0, 1, 42, 124, 125, 255}) {
    const Outcome outcome = sandbox_guest({}, {"exit_with", std::to_string(code)});
    EXPECT_EQ(outcome.exit_code, code) << describe(outcome);
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_P(ExitCode, Is128PlusTheSignal) {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM,
                           SIGUSR1, SIGRTMIN + 3}) {
    const Outcome outcome = sandbox_guest({}, {"die_by_signal", std::to_string(number)});
    EXPECT_EQ(outcome.exit_code, 128 + number) << describe(outcome);
  }
}

TEST_P(ExitCode, Is127ForACommandThatIsNotThere) {
  const Outcome outcome = sandbox({}, {"no-such-command-anywhere"});
  EXPECT_EQ(outcome.exit_code, 127) << describe(outcome);
  EXPECT_NE(outcome.err.find("no-such-command-anywhere"), std::string::npos) << outcome.err;
  EXPECT_EQ(sandbox({}, {"/no/such/command"}).exit_code, 127);
}

TEST_P(ExitCode, Is126ForACommandThatCannotBeRun) {
  caller_file(work() + "/data", "just data\n", 0644);
  const Outcome outcome = sandbox({}, {work() + "/data"});
  EXPECT_EQ(outcome.exit_code, 126) << describe(outcome);
  EXPECT_NE(outcome.err.find("data"), std::string::npos) << outcome.err;
}

TEST_P(ExitCode, Is127ForAScriptWithoutItsInterpreter) {
  caller_file(work() + "/script", "#!/no/such/interpreter\n", 0755);
  const int code = sandbox({}, {work() + "/script"}).exit_code;
  EXPECT_TRUE(code == 126 || code == 127) << code;
}

TEST_P(ExitCode, Is124OnTimeout) {
  const Outcome outcome = sandbox_guest({"--timeout", "300ms"}, {"pause_forever"});
  EXPECT_EQ(outcome.exit_code, 124) << describe(outcome);
  EXPECT_FALSE(outcome.lost_patience);
}

TEST_P(ExitCode, Is125WhenCordonIsAskedForNonsense) {
  EXPECT_EQ(sandbox({"--memory", "plenty"}, {"true"}).exit_code, 125);
}

TEST_P(ExitCode, OfAShellIsPassedOn) {
  EXPECT_EQ(sandbox({}, {"sh", "-c", "exit 7"}).exit_code, 7);
  EXPECT_EQ(sandbox({}, {"sh", "-c", "kill -9 $$"}).exit_code, 128 + SIGKILL);
}

TEST_P(ExitCode, IsNotDelayedByAChildThatOutlivesTheCommand) {
  // The sleeper is killed with the sandbox; nobody waits for its ten minutes.
  const Outcome outcome = sandbox({}, {"sh", "-c", "sleep 600 & exit 3"});
  EXPECT_EQ(outcome.exit_code, 3) << describe(outcome);
  EXPECT_FALSE(outcome.lost_patience);
}

INSTANTIATE_TEST_SUITE_P(Native, ExitCode, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
