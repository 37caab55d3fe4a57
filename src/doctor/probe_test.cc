#include "doctor/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "doctor/checks.h"
#include "linux/testing/fake_host.h"

namespace cordon::doctor {
namespace {

using cordon::testing::FakeHost;
using linux_os::NamespaceStep;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Everything works, the newest kernel.
Attempts good_attempts() {
  return {.namespaces = {NamespaceStep::Done, 0},
          .landlock = {7, 0},
          .kvm = {KvmStep::Done, 0, 12},
          .seccomp_error = EFAULT,
          .no_new_privs = 0};
}

class ProbeTest : public ::testing::Test {
 protected:
  ProbeTest() {
    host_.ordinary_user()
        .file("/proc/sys/kernel/osrelease", "6.12.0-1-amd64\n")
        .file("/proc/sys/kernel/seccomp/actions_avail",
              "kill_process kill_thread trap errno user_notif trace log allow\n")
        .file("/proc/self/mountinfo", cordon::testing::kOrdinaryMounts)
        .file("/etc/os-release", "PRETTY_NAME=\"Debian\"\nID=debian\n");
  }
  HostReport probe() { return probe_host({.host = host_.root()}, attempts_); }

  FakeHost host_;
  Attempts attempts_ = good_attempts();
};

TEST_F(ProbeTest, GoodHost) {
  const HostReport report = probe();
  EXPECT_EQ(report.uid, 1000U);
  EXPECT_EQ(report.kernel_release, "6.12.0-1-amd64");
  EXPECT_EQ(report.landlock_abi, 7);
  EXPECT_EQ(report.container, linux_os::ContainerKind::None);
  for (const auto check :
       {&HostReport::kernel, &HostReport::user_namespaces, &HostReport::root_directory,
        &HostReport::proc_mount, &HostReport::apparmor, &HostReport::selinux, &HostReport::landlock,
        &HostReport::seccomp, &HostReport::no_new_privileges, &HostReport::executable_memfd,
        &HostReport::kvm}) {
    EXPECT_EQ((report.*check).state, State::Ok) << (report.*check).found;
    EXPECT_THAT((report.*check).remedy, IsEmpty());
    EXPECT_FALSE((report.*check).found.empty());
  }
}

TEST_F(ProbeTest, KernelsThatAreTooOldOrNone) {
  const auto kernel = [&](std::string_view release) {
    host_.file("/proc/sys/kernel/osrelease", release);
    return probe().kernel;
  };
  EXPECT_EQ(kernel("4.19.0-27-amd64").state, State::Missing);
  EXPECT_EQ(kernel("5.12.1").state, State::Limited);
  EXPECT_EQ(kernel("5.13.0").state, State::Ok);
  EXPECT_EQ(kernel("5.15.167.4-microsoft-standard-WSL2").state, State::Ok);
  EXPECT_EQ(kernel("strange").state, State::Limited);
  const Check wsl1 = kernel("4.4.0-19041-Microsoft");
  EXPECT_EQ(wsl1.state, State::Missing);
  EXPECT_THAT(wsl1.remedy, HasSubstr("--set-version"));
}

TEST_F(ProbeTest, UbuntuRestrictionIsInBothRows) {
  host_.file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
      .file("/sys/module/apparmor/parameters/enabled", "Y\n")
      .file("/proc/self/attr/apparmor/current", "unconfined\n");
  attempts_.namespaces = {NamespaceStep::MapIds, EPERM};
  const HostReport report = probe();
  EXPECT_EQ(report.user_namespaces.state, State::Missing);
  EXPECT_EQ(report.apparmor.state, State::Limited);
  EXPECT_THAT(report.apparmor.found, HasSubstr("unconfined"));
  EXPECT_EQ(report.user_namespaces.remedy, report.apparmor.remedy);
  EXPECT_THAT(report.apparmor.remedy, HasSubstr("apparmor_restrict_unprivileged_userns=0"));
}

TEST_F(ProbeTest, UbuntuRestrictionThatAProfileLifts) {
  host_.file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
      .file("/sys/module/apparmor/parameters/enabled", "Y\n")
      .file("/proc/self/attr/apparmor/current", "cordon (unconfined)\n");
  const HostReport report = probe();
  EXPECT_EQ(report.apparmor.state, State::Ok);
  EXPECT_THAT(report.apparmor.found, HasSubstr("not this caller's"));
}

TEST_F(ProbeTest, SELinuxIsNamedWhenItRefuses) {
  host_.file("/sys/fs/selinux/enforce", "1").file("/proc/self/attr/current", "user_t");
  EXPECT_EQ(probe().selinux.state, State::Ok);
  attempts_.namespaces = {NamespaceStep::Create, EACCES};
  const HostReport report = probe();
  EXPECT_EQ(report.selinux.state, State::Limited);
  EXPECT_THAT(report.selinux.found, HasSubstr("user_t"));
}

TEST_F(ProbeTest, ChrootNeedsNoGuessOnceANamespaceWasMade) {
  host_.file("/proc/self/mountinfo", "9 8 0:21 / /proc rw - proc proc rw\n");
  EXPECT_EQ(probe().root_directory.state, State::Ok);
  attempts_.namespaces = {NamespaceStep::Create, EPERM};
  EXPECT_EQ(probe().root_directory.state, State::Limited);
}

TEST_F(ProbeTest, MaskedProc) {
  host_.file("/proc/self/mountinfo", cordon::testing::kMaskedMounts).file("/.dockerenv", "");
  attempts_.namespaces = {NamespaceStep::MountProc, EPERM};
  const HostReport report = probe();
  EXPECT_EQ(report.container, linux_os::ContainerKind::Docker);
  EXPECT_EQ(report.user_namespaces.state, State::Ok);
  EXPECT_EQ(report.proc_mount.state, State::Missing);
  EXPECT_THAT(report.proc_mount.remedy, HasSubstr("systempaths=unconfined"));
}

TEST_F(ProbeTest, LandlockByAbi) {
  const auto landlock = [&](int abi, int error) {
    attempts_.landlock = {abi, error};
    return probe().landlock;
  };
  EXPECT_EQ(landlock(6, 0).state, State::Ok);
  EXPECT_EQ(landlock(12, 0).state, State::Ok);
  const Check third = landlock(3, 0);
  EXPECT_EQ(third.state, State::Limited);
  EXPECT_THAT(third.found, HasSubstr("TCP"));
  EXPECT_THAT(third.found, Not(HasSubstr("truncating")));
  EXPECT_THAT(third.remedy, HasSubstr("6.12"));
  EXPECT_THAT(landlock(0, EOPNOTSUPP).remedy, HasSubstr("lsm=landlock"));
  EXPECT_EQ(landlock(0, ENOSYS).found, "the kernel is built without it");
}

TEST_F(ProbeTest, LandlockBehindAFilter) {
  host_.caller(0, "00000000a80425fb", 2);
  attempts_.landlock = {0, EPERM};
  EXPECT_THAT(probe().landlock.found, HasSubstr("seccomp filter"));
}

TEST_F(ProbeTest, SeccompWithoutFilters) {
  attempts_.seccomp_error = EINVAL;
  EXPECT_EQ(probe().seccomp.state, State::Missing);
  attempts_.seccomp_error = EFAULT;
  host_.file("/proc/sys/kernel/seccomp/actions_avail", "kill_thread trap errno trace allow\n");
  EXPECT_EQ(probe().seccomp.state, State::Limited);
}

TEST_F(ProbeTest, MemfdThatMayNotBeRun) {
  host_.file("/proc/sys/vm/memfd_noexec", "1\n");
  EXPECT_EQ(probe().executable_memfd.state, State::Ok);
  host_.file("/proc/sys/vm/memfd_noexec", "2\n");
  const Check check = probe().executable_memfd;
  EXPECT_EQ(check.state, State::Missing);
  EXPECT_EQ(check.remedy, "sudo sysctl -w vm.memfd_noexec=1");
}

TEST_F(ProbeTest, Kvm) {
  const auto kvm = [&](KvmStep reached, int error) {
    attempts_.kvm = {reached, error, 12};
    return probe().kvm;
  };
  EXPECT_EQ(kvm(KvmStep::Open, EACCES).remedy, "sudo setfacl -m u:$USER:rw /dev/kvm");
  host_.file("/dev/kvm", "");
  ::chmod(host_.at("/dev/kvm").c_str(), 0660);
  EXPECT_EQ(kvm(KvmStep::Open, EACCES).remedy, "sudo usermod -aG kvm $USER, then log in again");
  EXPECT_THAT(kvm(KvmStep::CreateMachine, EBUSY).found, HasSubstr("another hypervisor"));
  EXPECT_THAT(kvm(KvmStep::Open, ENOENT).found, HasSubstr("shows no virtualisation"));
  host_.file("/proc/cpuinfo", "flags\t\t: fpu vmx sse\n");
  EXPECT_EQ(kvm(KvmStep::Open, ENOENT).remedy, "sudo modprobe kvm_intel");
  host_.file("/proc/cpuinfo", "flags\t\t: fpu svm\n");
  EXPECT_EQ(kvm(KvmStep::Open, ENOENT).remedy, "sudo modprobe kvm_amd");
  host_.file("/proc/cpuinfo", "flags\t\t: fpu svm_lock vmxx\n");
  EXPECT_THAT(kvm(KvmStep::Open, ENOENT).found, HasSubstr("shows no virtualisation"));
  host_.file("/run/.containerenv", "");
  EXPECT_EQ(kvm(KvmStep::Open, ENOENT).remedy, "podman run --device /dev/kvm ...");
}

TEST(Cgroups, StateFollowsTheControllersThatLimit) {
  cgroup::Support support;
  support.mechanism = "cgroup v1";
  EXPECT_EQ(check_cgroups(support).state, State::Missing);
  support.pids = support.memory = true;
  support.reason = "cpu: not delegated";
  const Check some = check_cgroups(support);
  EXPECT_EQ(some.state, State::Limited);
  EXPECT_EQ(some.found, "cgroup v1: memory without swap, pids; cpu: not delegated");
  support.cpu = support.swap = true;
  support.reason.clear();
  const Check all = check_cgroups(support);
  EXPECT_EQ(all.state, State::Ok);
  EXPECT_EQ(all.found, "cgroup v1: memory with swap, cpu, pids");
}

TEST_F(ProbeTest, EmptyHostIsReportedNotFeared) {
  FakeHost empty;
  attempts_.namespaces = {NamespaceStep::Create, EPERM};
  const HostReport report = probe_host({.host = empty.root()}, attempts_);
  EXPECT_EQ(report.user_namespaces.state, State::Missing);
  EXPECT_EQ(report.cgroups.state, State::Missing);
  EXPECT_EQ(report.runsc.state, State::Missing);
}

// --- this host
// ------------------------------------------------------------------------------------

TEST(ProbeThisHost, EveryRowHasWords) {
  const HostReport report = probe_host();
  for (const CheckRow& row : check_rows()) {
    EXPECT_FALSE((report.*row.check).found.empty()) << row.id;
    if ((report.*row.check).state == State::Ok) {
      EXPECT_THAT((report.*row.check).remedy, IsEmpty()) << row.id;
    }
  }
}

TEST(ProbeThisHost, SeccompFiltersAreFoundAndNoneIsLoaded) {
  // Lines like "Seccomp:" and "Seccomp_filters:".
  const auto filters = [] {
    const auto status = linux_os::read_proc_file("/proc/thread-self/status").value_or("");
    const std::size_t at = status.find("Seccomp");
    return status.substr(at, status.find("Speculation") - at);
  };
  const std::string before = filters();
  EXPECT_EQ(make_attempts().seccomp_error, EFAULT);
  EXPECT_EQ(filters(), before);
}

}  // namespace
}  // namespace cordon::doctor
