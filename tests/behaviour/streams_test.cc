// The three streams: live, byte for byte, and with an end.
#include <fcntl.h>
#include <unistd.h>

#include "support/callers.h"

namespace cordon::test {
namespace {

class Streams : public EveryCaller {};

std::string all_bytes() {
  std::string bytes;
  for (int round = 0; round < 300; ++round) {
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST_P(Streams, StayApart) {
  const Outcome outcome = sandbox({}, {"sh", "-c", "echo out; echo err >&2"});
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST_P(Streams, PassEveryByte) {
  caller_file(work() + "/bytes", all_bytes());
  const Outcome outcome = sandbox({}, {"cat", "bytes"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out == all_bytes()) << outcome.out.size() << " bytes";
}

TEST_P(Streams, StdinIsPassedWhenItIsAskedFor) {
  Invocation request = invocation({"--stdin", "-"}, guest_command({"copy_stdin"}));
  request.input = all_bytes();
  const Outcome outcome = run(request);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out == all_bytes()) << outcome.out.size() << " bytes";
}

TEST_P(Streams, StdinComesFromAFile) {
  caller_file(outside() + "/input", "from a file\n");
  const Outcome outcome = sandbox_guest({"--stdin", outside() + "/input"}, {"copy_stdin"});
  EXPECT_EQ(outcome.out, "from a file\n") << describe(outcome);
}

TEST_P(Streams, StdinLargerThanAnyPipeReachesACommandThatReadsLate) {
  Invocation request =
      invocation({"--stdin", "-"}, {"sh", "-c", "head -c 3000000 /dev/zero; wc -c >&2"});
  request.input = std::string(5'000'000, 'i');
  const Outcome outcome = run(request);
  EXPECT_EQ(outcome.out.size(), 3'000'000U);
  EXPECT_EQ(std::atol(outcome.err.c_str()), 5'000'000) << outcome.err.substr(0, 200);
}

TEST_P(Streams, ACommandThatDoesNotReadItsStdinEndsAllTheSame) {
  Invocation request = invocation({"--stdin", "-"}, {"true"});
  request.input = std::string(5'000'000, 'i');
  const Outcome outcome = run(request);
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
}

TEST_P(Streams, AnOpenStdinDoesNotKeepAnEndedCommand) {
  Running program(invocation({"--stdin", "-"}, {"echo", "done"}));
  program.send(" ");  // pending input keeps our end open until it was taken
  program.read_until("done");
  EXPECT_TRUE(eventually([&] { return is_gone(program.pid()); }));
  EXPECT_EQ(program.wait().exit_code, 0);
}

TEST_P(Streams, OutputArrivesWhileTheCommandRuns) {
  Running program(invocation({"--stdin", "-"}, guest_command({"pause_forever"})));
  EXPECT_NE(program.read_until("ready").find("ready"), std::string::npos);
  EXPECT_FALSE(is_gone(program.pid()));
  program.signal(SIGTERM);
  EXPECT_FALSE(program.wait().lost_patience);
}

TEST_P(Streams, ADialogueWorks) {
  // Answers depend on what was asked before: nothing may be held back in a buffer.
  Running program(invocation({"--stdin", "-"}, guest_command({"copy_stdin"})));
  for (const char* word : {"one\n", "two\n", "three\n"}) {
    program.send(word);
    EXPECT_NE(program.read_until(word).find(word), std::string::npos);
    if (is_gone(program.pid())) break;
  }
  program.close_input();
  EXPECT_EQ(program.wait().exit_code, 0);
}

TEST_P(Streams, AClosedPipeEndsTheSandbox) {
  Running program(invocation({}, guest_command({"flood", "1", "100000"})));
  program.read_until("yyy");
  program.close_output();
  EXPECT_TRUE(eventually([&] { return is_gone(program.pid()); }));
  const Outcome outcome = program.wait();
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_NE(outcome.exit_code, 0);
}

TEST_P(Streams, ClosedDescriptorsOfTheCallerDoNoHarm) {
  // Started without any stream: what Cordon opens must not become the guest's stdin.
  const std::string script = "exec 0<&- 1>&- 2>&-; exec " + cordon() + " run " +
                             (caller() == Caller::Degraded ? "--allow-degraded " : "") + "--read " +
                             guest() + " --workdir " + work() + " -- " + guest() + " leaked_fds";
  const Outcome outcome = plain({"sh", "-c", script});
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_NE(outcome.exit_code, 42) << "a descriptor of Cordon's reached the command";
}

TEST_P(Streams, LargeOutputIsWholeAndCostsNoMemory) {
  const Outcome little = sandbox_guest({}, {"flood", "1", "1"});
  const Outcome much = sandbox_guest({"--output-limit", "1G"}, {"flood", "1", "48"});
  EXPECT_EQ(little.out.size(), 1U << 20);
  EXPECT_EQ(much.out.size(), 48U << 20);
  EXPECT_LT(much.peak_rss_kib, little.peak_rss_kib + 8 * 1024);
}

INSTANTIATE_TEST_SUITE_P(Native, Streams, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
