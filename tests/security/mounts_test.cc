// Nothing of the mount tree can be changed from inside, with or without a user namespace of one's
// own.
#include "security/attack.h"

namespace cordon::test {
namespace {

class Mounts : public EveryAttack {
 protected:
  void SetUp() override {
    EveryAttack::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    caller_dir(work() + "/dir");
    // A mount of a control must not reach the host: the plain control runs in a mount namespace of
    // its own.
    private_ = {"unshare", "--mount", "--propagation", "private"};
  }

  // As expect_contained, with the control inside a throw-away mount namespace, as root.
  void expect_no_mount(const Arguments& attempt) {
    in_sandbox({.guest = attempt, .guarantee = "filesystem.read"});
    if (HasFailure()) return;
    if (geteuid() != 0) CORDON_SKIP("needs root: the control of a mount");
    Arguments command = private_;
    for (const std::string& argument : guest_command(attempt)) command.push_back(argument);
    Invocation control = plain_invocation(command);
    control.identity = Identity::Own;
    const Outcome outcome = run(control);
    EXPECT_EQ(outcome.exit_code, 42) << describe(outcome);
  }

 private:
  Arguments private_;
};

TEST_P(Mounts, Tmpfs) { expect_no_mount({"mount_tmpfs", work() + "/dir"}); }
TEST_P(Mounts, TmpfsOverProc) { expect_no_mount({"mount_tmpfs", "/proc"}); }
TEST_P(Mounts, Bind) { expect_no_mount({"mount_bind", "/usr", work() + "/dir"}); }
TEST_P(Mounts, Proc) { expect_no_mount({"mount_proc", work() + "/dir"}); }
TEST_P(Mounts, Chroot) { expect_no_mount({"chroot_dir", work()}); }
TEST_P(Mounts, PivotRoot) { expect_no_mount({"pivot_root_dir", "."}); }
TEST_P(Mounts, RemountOfTheSystem) { expect_no_mount({"mount_remount", "/proc"}); }
TEST_P(Mounts, UnmountOfProc) { expect_no_mount({"umount_path", "/proc"}); }

TEST_P(Mounts, UnmountOfAMaskShowsNothing) {
  caller_file(work() + "/masked", "hunter2\n");
  const Arguments options{"--deny", work() + "/masked"};
  for (const char* path : {"/masked", ""}) {
    const Outcome outcome = sandbox_guest(options, {"umount_path", work() + path});
    EXPECT_NE(outcome.exit_code, 42) << describe(outcome);
  }
}

TEST_P(Mounts, RemountOfAReadOnlyRule) {
  caller_dir(outside() + "/shared");
  const Outcome outcome =
      sandbox_guest({"--read", outside() + "/shared"}, {"mount_remount", outside() + "/shared"});
  EXPECT_NE(outcome.exit_code, 42) << describe(outcome);
}

TEST_P(Mounts, NoMountOfTheSandboxReachesTheHost) {
  const std::string before = read_file("/proc/self/mountinfo");
  Running program(invocation({}, guest_command({"pause_forever"})));
  ASSERT_NE(program.read_until("ready").find("ready"), std::string::npos);
  EXPECT_EQ(read_file("/proc/self/mountinfo"), before);
  program.signal(SIGTERM);
  program.wait();
}

INSTANTIATE_TEST_SUITE_P(Native, Mounts, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
