#include "linux/user_namespaces.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "linux/kernel.h"
#include "linux/testing/fake_host.h"

namespace cordon::linux_os {
namespace {

using cordon::testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr unsigned kNobody = 65534;

NamespaceTrial refused(int error) { return {NamespaceStep::Create, error}; }

// --- what an errno means on some host
// -------------------------------------------------------------

TEST(ExplainUserNamespaces, DoneIsUsable) {
  FakeHost host;
  host.ordinary_user();
  const auto support = explain_user_namespaces({NamespaceStep::Done, 0}, host.root());
  EXPECT_TRUE(support.usable);
  EXPECT_THAT(support.blocked_by, IsEmpty());
  EXPECT_THAT(support.remedy, IsEmpty());
}

TEST(ExplainUserNamespaces, RefusedProcMountIsAnotherMatter) {
  FakeHost host;
  EXPECT_TRUE(explain_user_namespaces({NamespaceStep::MountProc, EPERM}, host.root()).usable);
}

TEST(ExplainUserNamespaces, DebianKnob) {
  FakeHost host;
  host.ordinary_user().file("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_FALSE(support.usable);
  EXPECT_THAT(support.blocked_by, HasSubstr("kernel.unprivileged_userns_clone is 0"));
  EXPECT_EQ(support.remedy, "sudo sysctl -w kernel.unprivileged_userns_clone=1");
}

TEST(ExplainUserNamespaces, DebianKnobDoesNotConcernRoot) {
  FakeHost host;
  host.root_user().file("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_THAT(support.blocked_by, Not(HasSubstr("unprivileged_userns_clone")));
}

TEST(ExplainUserNamespaces, DebianKnobThatAllowsIsNotBlamed) {
  FakeHost host;
  host.ordinary_user()
      .file("/proc/sys/kernel/unprivileged_userns_clone", "1\n")
      .file("/sys/kernel/security/lsm", "lockdown,capability,yama\n");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("lockdown,capability,yama"));
}

TEST(ExplainUserNamespaces, ZeroLimitOfEachKind) {
  for (const std::string kind : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    FakeHost host;
    host.ordinary_user()
        .file("/proc/sys/user/max_user_namespaces", "15000\n")
        .file("/proc/sys/user/max_" + kind + "_namespaces", "0\n");
    const auto support = explain_user_namespaces(refused(ENOSPC), host.root());
    EXPECT_EQ(support.blocked_by, "user.max_" + kind + "_namespaces is 0");
    EXPECT_EQ(support.remedy, "sudo sysctl -w user.max_" + kind + "_namespaces=15000");
  }
}

TEST(ExplainUserNamespaces, UsedUpLimit) {
  FakeHost host;
  host.ordinary_user().file("/proc/sys/user/max_user_namespaces", "3\n");
  for (const int error : {ENOSPC, EUSERS}) {
    const auto support = explain_user_namespaces(refused(error), host.root());
    EXPECT_THAT(support.blocked_by, HasSubstr("used up"));
    EXPECT_THAT(support.blocked_by, HasSubstr("max_user_namespaces is 3"));
    EXPECT_THAT(support.remedy, HasSubstr("lsns"));
  }
}

TEST(ExplainUserNamespaces, UbuntuRestrictionShowsWhereverItBites) {
  FakeHost host;
  host.ordinary_user().file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
  for (const NamespaceTrial trial :
       {NamespaceTrial{NamespaceStep::Create, EACCES}, NamespaceTrial{NamespaceStep::MapIds, EPERM},
        NamespaceTrial{NamespaceStep::MapIds, EACCES},
        NamespaceTrial{NamespaceStep::Mount, EACCES}}) {
    const auto support = explain_user_namespaces(trial, host.root());
    EXPECT_FALSE(support.usable);
    EXPECT_THAT(support.blocked_by, HasSubstr("apparmor_restrict_unprivileged_userns is 1"));
    EXPECT_EQ(support.remedy, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
  }
}

TEST(ExplainUserNamespaces, FilterOfAContainer) {
  const auto explain = [](std::string_view mark) {
    FakeHost host;
    host.caller(0, "00000000a80425fb", 2);
    if (!mark.empty()) host.file(mark, "");
    return explain_user_namespaces(refused(EPERM), host.root());
  };
  EXPECT_EQ(explain("/.dockerenv").remedy, "docker run --security-opt seccomp=unconfined ...");
  EXPECT_EQ(explain("/run/.containerenv").remedy,
            "podman run --security-opt seccomp=unconfined ...");
  EXPECT_THAT(explain("/run/secrets/kubernetes.io/x").remedy, HasSubstr("seccompProfile"));
  EXPECT_THAT(explain("").blocked_by, HasSubstr("seccomp filter on the caller"));
}

TEST(ExplainUserNamespaces, LeftoverMarkWithoutAFilterIsNotBlamed) {
  FakeHost host;
  host.ordinary_user().file("/.dockerenv", "");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_THAT(support.blocked_by, Not(HasSubstr("Docker")));
}

TEST(ExplainUserNamespaces, FilterThatAnswersAsAnOldKernel) {
  FakeHost host;
  host.caller(1000, "0", 2);
  for (const char* kind : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    host.link(std::string("/proc/self/ns/") + kind, "ns:[1]");
  }
  const auto support = explain_user_namespaces(refused(ENOSYS), host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("filter"));
}

TEST(ExplainUserNamespaces, KernelWithoutThem) {
  FakeHost host;
  host.ordinary_user();
  for (const char* kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    host.link(std::string("/proc/self/ns/") + kind, "ns:[1]");
  }
  const auto support = explain_user_namespaces(refused(EINVAL), host.root());
  EXPECT_EQ(support.blocked_by, "the kernel is built without user namespaces");
  EXPECT_THAT(support.remedy, HasSubstr("CONFIG_USER_NS"));
}

TEST(ExplainUserNamespaces, Chroot) {
  FakeHost host;
  host.root_user().file("/proc/self/mountinfo", "9 8 0:21 / /proc rw - proc proc rw\n");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("in a chroot"));
}

TEST(ExplainUserNamespaces, SELinux) {
  FakeHost host;
  host.ordinary_user().file("/sys/fs/selinux/enforce", "1");
  const auto support = explain_user_namespaces(refused(EACCES), host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("SELinux"));
  EXPECT_THAT(support.remedy, HasSubstr("semodule -i"));
}

TEST(ExplainUserNamespaces, UserWithoutANameHere) {
  FakeHost host;
  host.ordinary_user().file("/proc/self/uid_map", "         0       5000          1\n");
  const auto support = explain_user_namespaces(refused(EPERM), host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("user 1000 has no name"));
}

TEST(ExplainUserNamespaces, RootWithoutSetfcap) {
  FakeHost host;
  host.caller(0, "0000000000000000", 0);
  const auto support = explain_user_namespaces({NamespaceStep::MapIds, EPERM}, host.root());
  EXPECT_THAT(support.blocked_by, HasSubstr("CAP_SETFCAP"));
}

TEST(ExplainUserNamespaces, ProcessLimit) {
  FakeHost host;
  EXPECT_THAT(explain_user_namespaces(refused(EAGAIN), host.root()).blocked_by,
              HasSubstr("RLIMIT_NPROC"));
}

TEST(ExplainUserNamespaces, RootIsNotToldToUseSudo) {
  FakeHost host;
  host.root_user().file("/proc/sys/user/max_user_namespaces", "0\n");
  EXPECT_EQ(explain_user_namespaces(refused(ENOSPC), host.root()).remedy,
            "sysctl -w user.max_user_namespaces=15000");
}

TEST(ExplainProcMount, MaskedPathsOfContainers) {
  FakeHost host;
  host.root_user().file("/proc/self/mountinfo", cordon::testing::kMaskedMounts);
  const NamespaceTrial trial{NamespaceStep::MountProc, EPERM};
  EXPECT_EQ(explain_proc_mount(trial, host.root()).remedy, "umount /proc/bus");
  host.file("/.dockerenv", "");
  const auto docker = explain_proc_mount(trial, host.root());
  EXPECT_FALSE(docker.usable);
  EXPECT_THAT(docker.blocked_by, HasSubstr("/proc/bus and 1 more are masked"));
  EXPECT_EQ(docker.remedy, "docker run --security-opt systempaths=unconfined ...");
  host.file("/run/.containerenv", "");
  EXPECT_EQ(explain_proc_mount(trial, host.root()).remedy,
            "podman run --security-opt unmask=ALL ...");
}

TEST(ExplainProcMount, NoProcAtAll) {
  FakeHost host;
  host.ordinary_user().file("/proc/self/mountinfo", "25 1 254:0 / / rw - ext4 /dev/vda rw\n");
  const auto support = explain_proc_mount({NamespaceStep::MountProc, EPERM}, host.root());
  EXPECT_EQ(support.remedy, "sudo mount -t proc proc /proc");
}

// --- real attempts
// --------------------------------------------------------------------------------

// Runs `body` in a child of this process; true when it returned true.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A change of user closes /proc/self/uid_map to the process, as it would not for a program that was
// started as that user.
bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
         ::setresuid(kNobody, kNobody, kNobody) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0;
}

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

bool drop_capabilities() {
  const kernel::CapabilityHeader header{kernel::kCapabilityVersion3, 0};
  const kernel::CapabilityData none[2]{};
  return ::syscall(SYS_capset, &header, none) == 0;
}

// This machine is expected to allow them, and says why when it does not.
#define REQUIRE_USER_NAMESPACES()                                                \
  do {                                                                           \
    const auto here = probe_user_namespaces();                                   \
    if (!here.usable) GTEST_SKIP() << "no user namespaces: " << here.blocked_by; \
  } while (false)

TEST(TryUserNamespaces, AgreesWithTheKernelsOwnAnswer) {
  const bool kernel_allows = in_child([] { return ::unshare(CLONE_NEWUSER) == 0; });
  EXPECT_EQ(try_user_namespaces().reached > NamespaceStep::Create, kernel_allows);
}

TEST(TryUserNamespaces, WorksForAnOrdinaryUser) {
  REQUIRE_USER_NAMESPACES();
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  EXPECT_TRUE(in_child([] { return become_nobody() && probe_user_namespaces().usable; }));
}

TEST(TryUserNamespaces, NamesTheLimitThatForbidsThem) {
  REQUIRE_USER_NAMESPACES();
  EXPECT_TRUE(in_child([] {
    const std::string id = std::to_string(::geteuid());
    // The limit is a property of the new namespace: the host keeps its own.
    if (::unshare(CLONE_NEWUSER) != 0 || !write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", id + " " + id + " 1") ||
        !write_file("/proc/sys/user/max_user_namespaces", "0") || !drop_capabilities()) {
      return false;
    }
    const auto support = probe_user_namespaces();
    return !support.usable && support.blocked_by == "user.max_user_namespaces is 0" &&
           support.remedy.find("sysctl -w user.max_user_namespaces=") != std::string::npos;
  }));
}

TEST(TryUserNamespaces, RecognisesAChroot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to chroot";
  FakeHost host;
  host.file("/proc/empty", "");
  const std::string proc = host.at("/proc");
  EXPECT_TRUE(in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("/proc", proc.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0 ||
        ::chroot(host.at("").c_str()) != 0 || ::chdir("/") != 0) {
      return false;
    }
    const auto support = probe_user_namespaces();
    return !support.usable && support.blocked_by.find("chroot") != std::string::npos;
  }));
}

// What Docker's default filter does: clone with CLONE_NEWUSER fails with EPERM.
bool load_container_filter() {
  constexpr unsigned kArgumentsAt = 16;             // offsetof(seccomp_data, args)
  constexpr unsigned kErrno = 0x00050000U | EPERM;  // SECCOMP_RET_ERRNO
  constexpr unsigned kAllow = 0x7fff0000U;          // SECCOMP_RET_ALLOW
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArgumentsAt),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kErrno),
      BPF_STMT(BPF_RET | BPF_K, kAllow),
  };
  const sock_fprog filter{std::size(program), program};
  constexpr int kFilterMode = 2;  // SECCOMP_MODE_FILTER
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, kFilterMode, &filter) == 0;
}

TEST(TryUserNamespaces, BlamesTheFilterOfAContainer) {
  REQUIRE_USER_NAMESPACES();
  EXPECT_TRUE(in_child([] {
    if (!load_container_filter()) return false;
    const auto support = probe_user_namespaces();
    return !support.usable && support.blocked_by.find("seccomp") != std::string::npos &&
           !support.remedy.empty();
  }));
}

TEST(TryUserNamespaces, NoticesAMaskedProc) {
  REQUIRE_USER_NAMESPACES();
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount over parts of /proc";
  EXPECT_TRUE(in_child([] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("mask", "/proc/fs", "tmpfs", MS_RDONLY, nullptr) != 0) {
      return false;
    }
    const NamespaceTrial trial = try_user_namespaces();
    const auto support = probe_user_namespaces();
    return trial.reached == NamespaceStep::MountProc && explain_user_namespaces(trial).usable &&
           !support.usable && support.blocked_by.find("/proc/fs") != std::string::npos;
  }));
}

TEST(TryUserNamespaces, LeavesNoTraceInTheCaller) {
  static volatile sig_atomic_t signals = 0;
  struct sigaction action{};
  action.sa_handler = [](int) { signals = signals + 1; };
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGCHLD, &action, &before), 0);
  sigset_t mask_before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto open_before = descriptors();

  try_user_namespaces();

  EXPECT_EQ(signals, 0);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(descriptors(), open_before);
  sigset_t mask_after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  for (int number = 1; number < NSIG; ++number) {
    EXPECT_EQ(sigismember(&mask_after, number), sigismember(&mask_before, number)) << number;
  }
  ::sigaction(SIGCHLD, &before, nullptr);
}

}  // namespace
}  // namespace cordon::linux_os
