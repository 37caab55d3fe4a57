// --tty: a terminal of the sandbox's own, joined to the caller's.
#include "support/terminal.h"

#include <signal.h>

#include "support/callers.h"

namespace cordon::test {
namespace {

class TerminalOf : public EveryCaller {
 protected:
  Invocation on_terminal(const Arguments& command) const {
    Invocation request = invocation({"--tty"}, command);
    request.environment = {{"TERM", "xterm"}};
    return request;
  }
};

TEST_P(TerminalOf, IsATerminal) {
  Terminal terminal(
      on_terminal({"sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo yes-it-is"}), 24, 80);
  EXPECT_NE(terminal.expect("yes-it-is"), "") << terminal.screen();
  EXPECT_EQ(terminal.wait().exit_code, 0);
}

TEST_P(TerminalOf, WithoutItThereIsNone) {
  const Outcome outcome = sandbox({}, {"sh", "-c", "test -t 1 || echo none; : </dev/tty"});
  EXPECT_EQ(outcome.out, "none\n");
  EXPECT_NE(outcome.exit_code, 0);
}

TEST_P(TerminalOf, HasTheCallersSizeAndFollowsIt) {
  Terminal terminal(on_terminal({"bash", "-c",
                                 "stty size; trap 'stty size; exit 0' WINCH; echo armed; "
                                 "while :; do sleep 0.05; done"}),
                    31, 97);
  EXPECT_NE(terminal.expect("31 97"), "") << terminal.screen();
  EXPECT_NE(terminal.expect("armed"), "") << terminal.screen();
  terminal.resize(42, 142);
  EXPECT_NE(terminal.expect("42 142"), "") << terminal.screen();
  EXPECT_EQ(terminal.wait().exit_code, 0);
}

TEST_P(TerminalOf, PassesWhatIsTyped) {
  Terminal terminal(on_terminal({"sh", "-c", "read line; echo \"got <$line>\""}), 24, 80);
  terminal.type("some words\n");
  EXPECT_NE(terminal.expect("got <some words>"), "") << terminal.screen();
  EXPECT_EQ(terminal.wait().exit_code, 0);
}

TEST_P(TerminalOf, CtrlCReachesTheCommandAndNotTheLauncher) {
  Terminal terminal(
      on_terminal({"bash", "-c",
                   "trap 'echo trapped; exit 5' INT; echo armed; while :; do sleep 0.05; done"}),
      24, 80);
  ASSERT_NE(terminal.expect("armed"), "") << terminal.screen();
  terminal.type("\x03");
  EXPECT_NE(terminal.expect("trapped"), "") << terminal.screen();
  EXPECT_EQ(terminal.wait().exit_code, 5);
}

TEST_P(TerminalOf, JobControlWorks) {
  Terminal terminal(on_terminal({"bash", "--norc", "--noprofile", "-i"}), 24, 80);
  terminal.type("PS1='ready> '; set -m; echo on''line\n");
  ASSERT_NE(terminal.expect("online"), "") << terminal.screen();
  EXPECT_EQ(terminal.screen().find("no job control"), std::string::npos) << terminal.screen();
  terminal.type("sleep 500\n");
  ASSERT_NE(terminal.expect("sleep 500"), "");
  // The shell must have handed the terminal to the sleeper before ^Z means anything.
  for (int i = 0; i < 60; ++i) short_pause();
  terminal.type("\x1a");
  EXPECT_NE(terminal.expect("Stopped"), "") << terminal.screen();
  terminal.type("bg; jobs; kill %1; wait; echo fin''ished; exit 4\n");
  EXPECT_NE(terminal.expect("Running"), "") << terminal.screen();
  EXPECT_NE(terminal.expect("finished"), "") << terminal.screen();
  EXPECT_EQ(terminal.wait().exit_code, 4);
}

TEST_P(TerminalOf, AHangUpEndsTheSandbox) {
  auto terminal = std::make_unique<Terminal>(on_terminal(guest_command({"ignore_term"})), 24, 80);
  ASSERT_NE(terminal->expect("ready"), "") << terminal->screen();
  const pid_t launcher = terminal->pid();
  ::kill(launcher, SIGHUP);
  EXPECT_TRUE(eventually([&] { return is_gone(launcher); }));
}

TEST_P(TerminalOf, TheCallersTerminalIsAsBefore) {
  Invocation request = on_terminal({"true"});
  Invocation around = request;
  around.argv = {"sh", "-c", "stty -g; \"$@\"; stty -g; echo e''nd", "sh"};
  around.argv.insert(around.argv.end(), request.argv.begin(), request.argv.end());
  Terminal terminal(around, 24, 80);
  const std::string all = terminal.expect("end");
  ASSERT_NE(all, "") << terminal.screen();
  const std::string first = all.substr(0, all.find('\r'));
  ASSERT_NE(first, "");
  EXPECT_NE(all.find(first, first.size()), std::string::npos) << all;
  terminal.wait();
}

TEST_P(TerminalOf, CannotBeTypedInto) {
  for (const char* attempt : {"tiocsti", "tiocsti_high_bits", "tioclinux"}) {
    Terminal terminal(on_terminal(guest_command({attempt})), 24, 80);
    const Outcome outcome = terminal.wait();
    EXPECT_EQ(outcome.exit_code, 0) << attempt << ": " << outcome.out;
    EXPECT_NE(outcome.out.find("contained"), std::string::npos) << attempt << ": " << outcome.out;
  }
}

TEST_P(TerminalOf, NegativeControlAPlainProgramTypesIntoIt) {
  if (read_file("/proc/sys/dev/tty/legacy_tiocsti") != "1\n") {
    CORDON_SKIP("this kernel refuses TIOCSTI to everybody");
  }
  Terminal terminal(plain_invocation(guest_command({"tiocsti"})), 24, 80);
  EXPECT_EQ(terminal.wait().exit_code, 42);
}

INSTANTIATE_TEST_SUITE_P(Native, TerminalOf, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
