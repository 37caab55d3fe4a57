// The dangerous parts of /proc and /sys.
#include "security/attack.h"

namespace cordon::test {
namespace {

class Proc : public EveryAttack {};

TEST_P(Proc, CorePatternIsNotWritable) {
  expect_contained(
      {.guest = {"open_write", "/proc/sys/kernel/core_pattern"}, .guarantee = "filesystem.write"});
}

TEST_P(Proc, ModprobePathIsNotWritable) {
  if (!exists("/proc/sys/kernel/modprobe")) CORDON_SKIP("this kernel has no modules");
  expect_contained(
      {.guest = {"open_write", "/proc/sys/kernel/modprobe"}, .guarantee = "filesystem.write"});
}

TEST_P(Proc, SysrqTriggerIsNotWritable) {
  if (!exists("/proc/sysrq-trigger")) CORDON_SKIP("this kernel has no sysrq");
  // Hidden it is an empty file; what may be opened there is not the trigger.
  const Outcome outcome = sandbox({}, {"sh", "-c",
                                       "stat -f -c %T /proc/sysrq-trigger; exec " + guest() +
                                           " open_write /proc/sysrq-trigger"});
  EXPECT_TRUE(outcome.exit_code == 0 || outcome.out.rfind("proc", 0) != 0) << describe(outcome);
  Invocation control = plain_invocation(guest_command({"open_write", "/proc/sysrq-trigger"}));
  if (geteuid() != 0) return;
  control.identity = Identity::Own;
  EXPECT_EQ(run(control).exit_code, 42);
}

TEST_P(Proc, MemoryOfTheMachineIsNotReadable) {
  if (!exists("/proc/kcore")) CORDON_SKIP("this kernel has no /proc/kcore");
  expect_contained({.guest = {"read_file", "/proc/kcore"}, .guarantee = "filesystem.read"});
}

TEST_P(Proc, KernelSymbolsAndKeysAreNotReadable) {
  for (const char* path : {"/proc/kallsyms", "/proc/keys", "/proc/timer_list", "/proc/kmsg"}) {
    if (exists(path)) {
      in_sandbox({.guest = {"read_file", path}, .guarantee = "filesystem.read"});
    }
  }
}

TEST_P(Proc, SysIsNotThere) {
  expect_contained({.guest = {"list_dir", "/sys"}, .guarantee = "filesystem.read"});
}

TEST_P(Proc, CgroupsAreNotWritable) {
  for (const char* path : {"/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent",
                           "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs"}) {
    in_sandbox({.guest = {"open_write", path}, .guarantee = "filesystem.write"});
  }
}

TEST_P(Proc, OomScoreOfOneselfMayBeRaised) {
  // Browsers and compilers do this; it can only hurt the guest.
  EXPECT_EQ(sandbox({}, {"sh", "-c", "echo 500 > /proc/self/oom_score_adj"}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Native, Proc, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
