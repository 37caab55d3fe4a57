// Whatever ends the supervisor ends the sandbox.
#include <signal.h>
#include <sys/stat.h>

#include "support/callers.h"
#include "support/leftovers.h"

namespace cordon::test {
namespace {

class Signals : public EveryCaller {
 protected:
  bool has_stopped(const std::string& path) const {
    const std::string before = read_file(path);
    for (int i = 0; i < 40; ++i) short_pause();
    return read_file(path) == before;
  }

  // A command with a daemon beside it, both of which ignore every signal they can.
  Arguments stubborn(const std::string& beat) const {
    return {"sh", "-c",
            guest() + " daemon heartbeat " + beat + "; exec " + guest() + " ignore_term"};
  }
};

TEST_P(Signals, TermEndsTheSandbox) {
  const std::string beat = work() + "/beat";
  Running program(invocation({}, stubborn(beat)));
  ASSERT_NE(program.read_until("ready").find("ready"), std::string::npos);
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << describe(outcome);
  EXPECT_TRUE(has_stopped(beat));
}

TEST_P(Signals, InterruptEndsTheSandbox) {
  const std::string beat = work() + "/beat";
  Running program(invocation({}, stubborn(beat)));
  ASSERT_NE(program.read_until("ready").find("ready"), std::string::npos);
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_EQ(outcome.exit_code, 128 + SIGINT) << describe(outcome);
  EXPECT_TRUE(has_stopped(beat));
}

TEST_P(Signals, AKilledSupervisorTakesEverythingWithIt) {
  const std::string beat = work() + "/beat";
  Running program(invocation({}, stubborn(beat)));
  ASSERT_NE(program.read_until("ready").find("ready"), std::string::npos);
  program.signal(SIGKILL);
  program.wait();
  EXPECT_TRUE(eventually([&] { return has_stopped(beat); }));
  // Not one process is left that runs our copy of the guest.
  EXPECT_TRUE(eventually([&] { return processes_running(guest()).empty(); }));
}

TEST_P(Signals, AStoppedGuestDiesWithAKilledSupervisor) {
  Running program(invocation({}, guest_command({"stop_self"})));
  ASSERT_NE(program.read_until("stopping").find("stopping"), std::string::npos);
  program.signal(SIGKILL);
  program.wait();
  EXPECT_TRUE(eventually([&] { return processes_running(guest()).empty(); }));
}

TEST_P(Signals, TheGuestCannotStopWhoWatchesIt) {
  // The guest is the command itself: its parent is the reaper, or the supervisor.
  for (const int number : {SIGSTOP, SIGKILL, SIGTERM, SIGSEGV}) {
    const boost::json::object result =
        json_guest({"--timeout", "20s"}, {"kill_parent", std::to_string(number)});
    EXPECT_NE(text(result, "stdout"), "") << number << " " << boost::json::serialize(result);
    EXPECT_NE(text(result, "status"), "timeout") << number;
    EXPECT_TRUE(test::number(result, "exit_code") == 0 || test::number(result, "exit_code") == 42)
        << number << " " << boost::json::serialize(result);
  }
}

TEST_P(Signals, ADaemonIsNotFreedByAttackingTheReaper) {
  const std::string beat = work() + "/beat";
  for (const int number : {SIGKILL, SIGSTOP}) {
    const std::string script = guest() + " daemon heartbeat " + beat + "; while [ ! -s " + beat +
                               " ]; do sleep 0.01; done; exec " + guest() + " kill_parent " +
                               std::to_string(number);
    const Outcome outcome = sandbox({"--timeout", "20s"}, {"sh", "-c", script});
    EXPECT_FALSE(outcome.lost_patience) << describe(outcome);
    EXPECT_NE(read_file(beat), "") << "the daemon never ran: the test shows nothing";
    EXPECT_TRUE(has_stopped(beat)) << "signal " << number;
  }
}

INSTANTIATE_TEST_SUITE_P(Native, Signals, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
