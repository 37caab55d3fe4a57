// Processes outside: not seen, not signalled, not read, not entered.
#include <signal.h>
#include <unistd.h>

#include "security/attack.h"

namespace cordon::test {
namespace {

class Processes : public EveryAttack {
 protected:
  std::string victim_pid() { return std::to_string(victim().pid()); }
};

TEST_P(Processes, AreNotSeen) {
  expect_contained({.guest = {"see_process", victim_pid()}, .guarantee = "process.isolation"});
}

TEST_P(Processes, AreNotTraced) {
  expect_contained({.guest = {"ptrace_attach", victim_pid()}, .guarantee = "process.isolation"});
}

TEST_P(Processes, AreNotRead) {
  expect_contained({.guest = {"vm_readv", victim_pid()}, .guarantee = "process.isolation"});
}

TEST_P(Processes, KeepTheirDescriptors) {
  expect_contained({.guest = {"pidfd_getfd_of", victim_pid()}, .guarantee = "process.isolation"});
}

TEST_P(Processes, AreNotStopped) {
  expect_contained({.guest = {"kill_pid", victim_pid(), std::to_string(SIGSTOP)},
                    .guarantee = "process.isolation"});
}

TEST_P(Processes, AreNotKilled) {
  expect_contained({.guest = {"kill_pid", victim_pid(), std::to_string(SIGKILL)},
                    .guarantee = "process.isolation"});
}

TEST_P(Processes, AreNotReachedByASignalToEveryone) {
  char host[64];
  const ssize_t size = readlink("/proc/self/ns/pid", host, sizeof host - 1);
  ASSERT_GT(size, 0);
  host[size] = 0;
  victim();
  const Arguments attempt{"kill_all", std::to_string(SIGKILL), host};
  const Outcome outcome = sandbox_guest({"--timeout", "20s"}, attempt);
  EXPECT_FALSE(outcome.lost_patience);
  // Its own reaper it may reach where there is no pid namespace, and nobody beyond.
  if (caller() != Caller::Degraded) EXPECT_NE(outcome.exit_code, 42) << describe(outcome);
  EXPECT_FALSE(is_gone(victim().pid())) << "the sandbox killed a process of the host";
  // As root the control would end the machine: only the ordinary user's own processes are at stake.
  if (caller() == Caller::Root || geteuid() != 0) return;
  plain_guest(attempt);
  EXPECT_TRUE(eventually([&] { return is_gone(victim().pid()); })) << "the control killed nobody";
}

TEST_P(Processes, NamespacesAreNotEntered) {
  expect_contained({.guest = {"setns_process", "1"},
                    .guarantee = "process.isolation",
                    .control_guest = {"setns_process", victim_pid()}});
}

TEST_P(Processes, DoNotTellTheirEnvironment) {
  Arguments command =
      invocation({}, guest_command({"scan_environ", "hunter2-in-the-environment"})).argv;
  Invocation inside = plain_invocation({});
  // A shell that stays as the parent, so that there is a process with the secret besides the
  // launcher.
  inside.argv = {"sh", "-c", "\"$@\"; exit $?", "sh"};
  inside.argv.insert(inside.argv.end(), command.begin(), command.end());
  inside.environment = {{"SECRET", "hunter2-in-the-environment"}};
  const Outcome outcome = run(inside);
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  Invocation control = inside;
  control.argv = {"sh",    "-c",           "\"$@\"; exit $?",           "sh",
                  guest(), "scan_environ", "hunter2-in-the-environment"};
  EXPECT_EQ(run(control).exit_code, 42);
}

TEST_P(Processes, TheReaperKeepsItsMemoryToItself) {
  expect_contained({.guest = {"open_write", "/proc/1/mem"},
                    .guarantee = "process.isolation",
                    .control_guest = {"open_write", "/proc/" + victim_pid() + "/mem"}});
}

TEST_P(Processes, TheReapersRootLeadsNowhere) {
  caller_file(outside() + "/secret", "hunter2\n");
  expect_contained(
      {.guest = {"read_file", "/proc/1/root" + outside() + "/secret"},
       .guarantee = "filesystem.read",
       .control_guest = {"read_file", "/proc/" + victim_pid() + "/root" + outside() + "/secret"}});
  in_sandbox({.guest = {"read_file", "/proc/1/cwd" + outside() + "/secret"},
              .guarantee = "filesystem.read"});
}

TEST_P(Processes, PrioritiesAreNotRaised) {
  expect_contained({.guest = {"nice_up"}, .guarantee = "privileges"});
}

TEST_P(Processes, RealTimeIsNotHad) {
  expect_contained({.guest = {"real_time"}, .guarantee = "privileges"});
}

INSTANTIATE_TEST_SUITE_P(Native, Processes, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
