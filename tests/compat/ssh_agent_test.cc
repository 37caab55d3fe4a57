// An agent of the caller's: it signs for the sandbox, and keeps its key.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class SshAgent : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("ssh-agent");
    // ssh-keygen wants a user that has a name; whoever runs the tests has one.
    const std::string made = outside() + "/made";
    ASSERT_EQ(run({.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of the test",
                            "-f", made}})
                  .exit_code,
              0);
    caller_file(key(), read_file(made), 0600);
    caller_file(work() + "/key.pub", read_file(made + ".pub"));
    // The agent ends with what it was started for.
    run_through({"ssh-agent", "-a", outside() + "/agent", "sh", "-ec",
                 "ssh-add -q '" + key() + "'; exec \"$@\"", "sh"});
  }

  std::string key() const { return outside() + "/key"; }
};

TEST_P(SshAgent, SignsAndKeepsItsKey) {
  expect_works({"--pack", "ssh-agent"}, R"end(
ssh-add -l | grep -q 'of the test'
ssh-add -T key.pub
! cat ")end" + key() + R"end(" 2>/dev/null
! cat ~/.ssh/id_ed25519 2>/dev/null)end");
}

TEST_P(SshAgent, IsNotReachedWithoutItsPack) {
  if (caller() == Caller::Degraded) return;  // Unix sockets are not held there
  const Outcome outcome = inside({"--env", "SSH_AUTH_SOCK=" + outside() + "/agent"}, "ssh-add -l");
  EXPECT_NE(outcome.exit_code, 0) << describe(outcome);
  EXPECT_EQ(outcome.out, "") << describe(outcome);
}

INSTANTIATE_TEST_SUITE_P(Native, SshAgent, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
