// Every run ends at its deadline, whatever the guest does to stay.
#include <signal.h>
#include <sys/stat.h>

#include "support/callers.h"
#include "support/leftovers.h"

namespace cordon::test {
namespace {

class Timeout : public EveryCaller {
 protected:
  void expect_timeout(const boost::json::object& result) const {
    EXPECT_EQ(text(result, "status"), "timeout") << boost::json::serialize(result);
    EXPECT_EQ(number(result, "exit_code"), 124);
    EXPECT_EQ(text(result, "limit_hit"), "time");
    EXPECT_NE(text(result, "error"), "");
  }

  std::uintmax_t size_of(const std::string& path) const {
    struct stat info{};
    return stat(path.c_str(), &info) == 0 ? static_cast<std::uintmax_t>(info.st_size) : 0;
  }

  // A heartbeat that has stopped: the file no longer grows over many beats.
  bool has_stopped(const std::string& path) const {
    const std::uintmax_t before = size_of(path);
    for (int i = 0; i < 40; ++i) short_pause();
    return size_of(path) == before;
  }
};

TEST_P(Timeout, EndsASleeper) {
  expect_timeout(json_guest({"--timeout", "200ms"}, {"pause_forever"}));
}

TEST_P(Timeout, EndsAGuestThatIgnoresEverySignal) {
  expect_timeout(json_guest({"--timeout", "200ms"}, {"ignore_term"}));
}

TEST_P(Timeout, EndsAGuestThatHasStoppedItself) {
  expect_timeout(json_guest({"--timeout", "300ms"}, {"stop_self"}));
}

TEST_P(Timeout, EndsASpinningGuest) {
  expect_timeout(json_guest({"--timeout", "200ms"}, {"cpu_spin", "60000", "4"}));
}

TEST_P(Timeout, KeepsWhatWasWrittenBefore) {
  const boost::json::object result =
      json({"--timeout", "400ms"}, {"sh", "-c", "echo before; sleep 600"});
  expect_timeout(result);
  EXPECT_EQ(text(result, "stdout"), "before\n");
}

TEST_P(Timeout, EndsTheWholeTree) {
  const std::string beat = work() + "/beat";
  expect_timeout(json({"--timeout", "500ms"},
                      {"sh", "-c", guest() + " daemon heartbeat " + beat + "; sleep 600"}));
  EXPECT_GT(size_of(beat), 0U) << "the daemon never ran: the test shows nothing";
  EXPECT_TRUE(has_stopped(beat));
}

TEST_P(Timeout, ACommandThatEndsInTimeIsNotTouched) {
  const boost::json::object result = json({"--timeout", "5m"}, {"true"});
  EXPECT_EQ(text(result, "status"), "completed");
  EXPECT_EQ(number(result, "exit_code"), 0);
}

TEST_P(Timeout, ADaemonThatOutlivesTheCommandDies) {
  const std::string beat = work() + "/beat";
  const Outcome outcome = sandbox_guest({}, {"daemon", "heartbeat", beat});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_TRUE(has_stopped(beat));
}

TEST_P(Timeout, ADaemonThatHoldsStdoutDoesNotHoldTheCaller) {
  const std::string beat = work() + "/beat";
  const Outcome outcome = sandbox_guest({}, {"daemon", "hold_stdout", beat});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_EQ(outcome.out, "daemon started\n");
  EXPECT_TRUE(has_stopped(beat));
}

TEST_P(Timeout, NegativeControlTheDaemonOutlivesAPlainRun) {
  const std::string beat = work() + "/beat";
  const Outcome outcome = plain_guest({"daemon", "heartbeat", beat});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_FALSE(has_stopped(beat));
  for (const pid_t pid : processes_running(guest())) ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return has_stopped(beat); }));
}

INSTANTIATE_TEST_SUITE_P(Native, Timeout, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
