// Nothing gives the guest more than its caller has; and it has less.
#include <sys/stat.h>
#include <unistd.h>

#include "security/attack.h"

namespace cordon::test {
namespace {

class Privileges : public EveryAttack {};

TEST_P(Privileges, ASetUserIdProgramGainsNothing) {
  if (geteuid() != 0) CORDON_SKIP("needs root: a set-user-id program of another user");
  const std::string program = work() + "/gain";
  copy_program(guest(), program);
  ASSERT_EQ(chown(program.c_str(), 1234, 1234), 0);
  ASSERT_EQ(chmod(program.c_str(), 06755), 0);
  const Outcome outcome = sandbox({}, {program, "setuid_gain"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  // A user namespace with one mapped uid takes the gain away already: the control has none.
  Invocation control = plain_invocation({program, "setuid_gain"});
  if (caller() == Caller::Degraded) control.identity = Identity::User;
  const Outcome gained = run(control);
  if (gained.exit_code == 0) CORDON_SKIP("no control: the test directory is mounted nosuid");
  EXPECT_EQ(gained.exit_code, 42) << describe(gained);
}

TEST_P(Privileges, NoCapabilityIsLeft) {
  expect_contained({.guest = {"capabilities"}, .guarantee = "privileges"});
}

TEST_P(Privileges, NoOtherUserCanBeBecome) {
  expect_contained({.guest = {"change_uid"}, .guarantee = "privileges"});
}

TEST_P(Privileges, TheHostNameStays) {
  expect_contained({.guest = {"set_hostname"}, .guarantee = "privileges"});
}

TEST_P(Privileges, HardLimitsStay) {
  expect_contained({.guest = {"raise_rlimit"}, .guarantee = "privileges"});
}

TEST_P(Privileges, FilesOfOthersKeepTheirOwner) {
  caller_file(work() + "/file", "x\n");
  expect_contained({.guest = {"chown_file", work() + "/file"}, .guarantee = "privileges"});
}

TEST_P(Privileges, ModesOutsideStay) {
  caller_file(outside() + "/file", "x\n", 0600);
  caller_dir(outside() + "/shared");
  caller_file(outside() + "/shared/file", "x\n", 0600);
  expect_contained({.guest = {"chmod_file", outside() + "/file"}, .guarantee = "filesystem.write"});
  expect_contained({.guest = {"chmod_file", outside() + "/shared/file"},
                    .guarantee = "filesystem.write",
                    .options = {"--read", outside() + "/shared"},
                    .opened = {"--write", outside() + "/shared"}});
}

TEST_P(Privileges, DevicesAreNotMade) {
  const std::string node = work() + "/node";
  expect_contained({.guest = {"mknod_device", node, "block", "254", "0"}, .guarantee = "devices"});
  expect_contained({.guest = {"mknod_device", node, "char", "1", "1"}, .guarantee = "devices"});
}

TEST_P(Privileges, ADeviceNodeInTheWorkDirectoryOpensNothing) {
  if (geteuid() != 0 || caller() == Caller::Degraded) return;
  // Readable by everybody: only nodev stands between. The null device, so that the control is
  // harmless.
  const std::string node = work() + "/null";
  ASSERT_EQ(mknod(node.c_str(), S_IFCHR | 0666, 0x103), 0);
  ASSERT_EQ(chmod(node.c_str(), 0666), 0);
  expect_contained({.guest = {"open_read", node}, .guarantee = "devices"});
}

TEST_P(Privileges, PasswordHashesAreNotReadable) {
  expect_contained({.guest = {"read_file", "/etc/shadow"}, .guarantee = "filesystem.read"});
}

INSTANTIATE_TEST_SUITE_P(Native, Privileges, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
