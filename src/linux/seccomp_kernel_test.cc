// The filters in the kernel: children that load one and try. Each attempt is made once more without
// the filter, where it must end differently, or the test would prove nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "linux/bpf_evaluator.h"
#include "linux/seccomp.h"

namespace cordon::seccomp {
namespace {

using Filter = std::span<const sock_filter>;
using Attempt = std::function<long()>;  // the result of a call, or -errno

constexpr long kNoAnswer = -100000;
constexpr unsigned long kHighBits = 0xdeadbeef00000000;
constexpr Filter kNone;

struct Outcome {
  long result = kNoAnswer;
  int signal = 0;  // that ended the child
};

long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  const long result = syscall(number, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
}

long as_word(const char* text) { return reinterpret_cast<long>(text); }
long as_word(const std::string& text) { return as_word(text.c_str()); }

bool load(Filter program) {
  if (program.empty()) return true;
  const sock_fprog loaded{static_cast<unsigned short>(program.size()),
                          const_cast<sock_filter*>(program.data())};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) == 0;
}

Outcome attempt(Filter program, const Attempt& what) {
  int channel[2];
  if (pipe(channel) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    const long result = load(program) ? what() : kNoAnswer;
    _exit(write(channel[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  close(channel[1]);
  Outcome outcome;
  if (read(channel[0], &outcome.result, sizeof outcome.result) != sizeof outcome.result) {
    outcome.result = kNoAnswer;
  }
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

Filter flat() { return filter(NestedNamespaces::Refused, Sockets::Internet); }
Filter unix_only() { return filter(NestedNamespaces::Refused, Sockets::UnixOnly); }
Filter nested() { return filter(NestedNamespaces::Allowed, Sockets::Internet); }

long open_socket(int family, int type, int protocol) {
  return raw(SYS_socket, family, type, protocol);
}

// In the child that clone makes, nothing may run but the end.
long clone_with(unsigned long flags) {
  const long result = raw(SYS_clone, static_cast<long>(flags | SIGCHLD));
  if (result == 0) _exit(0);
  if (result > 0) waitpid(static_cast<pid_t>(result), nullptr, 0);
  return result;
}

TEST(SeccompKernel, EveryFilterLoads) {
  for (const auto namespaces : {NestedNamespaces::Refused, NestedNamespaces::Allowed}) {
    for (const auto sockets : {Sockets::Internet, Sockets::UnixOnly}) {
      EXPECT_EQ(attempt(filter(namespaces, sockets), [] { return 5; }).result, 5);
    }
  }
}

#if defined(__x86_64__)
TEST(SeccompKernel, X32CallsKill) {
  const Attempt getpid_x32 = [] { return raw(0x40000000 | SYS_getpid); };
  EXPECT_EQ(attempt(flat(), getpid_x32).signal, SIGSYS);
  EXPECT_EQ(attempt(nested(), getpid_x32).signal, SIGSYS);
  EXPECT_EQ(attempt(kNone, getpid_x32).signal, 0);
}

TEST(SeccompKernel, ThirtyTwoBitCallsKill) {
  const Attempt getpid_i386 = [] {
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result;
  };
  if (attempt(kNone, getpid_i386).signal != 0) GTEST_SKIP() << "this kernel has no 32-bit calls";
  EXPECT_EQ(attempt(flat(), getpid_i386).signal, SIGSYS);
  EXPECT_EQ(attempt(unix_only(), getpid_i386).signal, SIGSYS);
}
#endif

// What the evaluator says of a refused number is what the kernel does. All-ones arguments would be
// harmless if a filter let one through.
TEST(SeccompKernel, EveryRefusalIsTheKernelsToo) {
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  for (const Filter program : {flat(), unix_only(), nested()}) {
    int tried = 0;
    for (int number = 0; number < 1024; ++number) {
      SystemCall call{.number = number, .architecture = kArchitecture};
      std::fill(std::begin(call.arguments), std::end(call.arguments), ~0ULL);
      const std::uint32_t answer = evaluate(program, call).value_or(0);
      if ((answer & kAnswerMask) != kAnswerError) continue;
      ++tried;
      const Outcome outcome =
          attempt(program, [number] { return raw(number, -1, -1, -1, -1, -1, -1); });
      EXPECT_EQ(outcome.result, -static_cast<long>(answer & ~kAnswerMask)) << "call " << number;
    }
    EXPECT_GT(tried, 500);
  }
}

TEST(SeccompKernel, RefusedCallsWorkWithoutTheFilter) {
  struct Case {
    const char* name;
    Attempt what;
    long refused;
  };
  const Case cases[] = {
      {"clone3", [] { return raw(SYS_clone3); }, -ENOSYS},
      {"io_uring", [] { return raw(SYS_io_uring_setup, 1); }, -ENOSYS},
      {"mount", [] { return raw(SYS_mount, -1, -1, -1, 0, -1); }, -EPERM},
      {"keyctl", [] { return raw(SYS_keyctl, 0, -3, 1); }, -EPERM},
      {"perf", [] { return raw(SYS_perf_event_open, -1, 0, -1, -1, 0); }, -EPERM},
      {"process_vm_readv", [] { return raw(SYS_process_vm_readv, getpid()); }, -EPERM},
      {"userfaultfd", [] { return raw(SYS_userfaultfd, -1); }, -EPERM},
      {"name_to_handle_at", [] { return raw(SYS_name_to_handle_at, -1, -1, -1, -1); }, -EPERM},
      {"personality", [] { return raw(SYS_personality, MMAP_PAGE_ZERO); }, -EPERM},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(attempt(flat(), one.what).result, one.refused) << one.name;
    EXPECT_NE(attempt(kNone, one.what).result, one.refused) << one.name << ", control";
  }
}

TEST(SeccompKernel, NamespacesAreMadeOnlyWhereAllowed) {
  const Attempt by_clone = [] { return clone_with(CLONE_NEWUSER); };
  const Attempt disguised = [] { return clone_with(CLONE_NEWUSER | kHighBits); };
  const Attempt by_unshare = [] { return raw(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS); };
  EXPECT_EQ(attempt(flat(), by_clone).result, -EPERM);
  EXPECT_EQ(attempt(flat(), disguised).result, -EPERM);
  EXPECT_EQ(attempt(flat(), by_unshare).result, -EPERM);
  if (attempt(kNone, by_unshare).result != 0) {
    GTEST_SKIP() << "no user namespaces here: the controls cannot be seen";
  }
  EXPECT_GT(attempt(kNone, by_clone).result, 0);
  EXPECT_GT(attempt(nested(), by_clone).result, 0);
  EXPECT_EQ(attempt(nested(), by_unshare).result, 0);
}

TEST(SeccompKernel, ProcessesAndThreadsStart) {
  EXPECT_GT(attempt(flat(), [] { return clone_with(0); }).result, 0);
  const Attempt thread = [] {
    long seen = 0;
    std::thread([&seen] { seen = 7; }).join();
    return seen;
  };
  EXPECT_EQ(attempt(flat(), thread).result, 7);
  const Attempt spawn = []() -> long {
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    pid_t child = 0;
    int status = -1;
    if (posix_spawn(&child, program, nullptr, nullptr, arguments, nullptr) != 0) return -1;
    waitpid(child, &status, 0);
    return status;
  };
  EXPECT_EQ(attempt(flat(), spawn).result, 0);
}

TEST(SeccompKernel, NothingIsTypedIntoTheTerminal) {
  const auto inject = [](unsigned long disguise) {
    return [disguise]() -> long {
      setsid();
      const int master = posix_openpt(O_RDWR | O_NOCTTY);
      if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return kNoAnswer;
      const int terminal = open(ptsname(master), O_RDWR);  // becomes the controlling terminal
      if (terminal < 0) return kNoAnswer;
      const char typed = 'x';
      return raw(SYS_ioctl, terminal, static_cast<long>(TIOCSTI | disguise),
                 reinterpret_cast<long>(&typed));
    };
  };
  EXPECT_EQ(attempt(flat(), inject(0)).result, -EPERM);
  EXPECT_EQ(attempt(flat(), inject(kHighBits)).result, -EPERM);
  EXPECT_EQ(attempt(unix_only(), inject(kHighBits)).result, -EPERM);
  const long control = attempt(kNone, inject(kHighBits)).result;
  if (control == -EIO) GTEST_SKIP() << "this kernel refuses TIOCSTI by itself";
  EXPECT_EQ(control, 0) << "the kernel ignores the high bits";
}

// A guest of root could leave a program behind that is root's on the host.
TEST(SeccompKernel, NoSetUserIdFileIsMade) {
  char directory[] = "/tmp/cordon-seccomp-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string file = std::string(directory) + "/file";
  const std::string made = std::string(directory) + "/made";
  ASSERT_EQ(raw(SYS_close, raw(SYS_openat, AT_FDCWD, as_word(file), O_CREAT | O_WRONLY, 0755)), 0);
  const std::pair<const char*, Attempt> attempts[] = {
      {"fchmodat", [&] { return raw(SYS_fchmodat, AT_FDCWD, as_word(file), 04755); }},
      {"fchmodat with high bits",
       [&] {
         return raw(SYS_fchmodat, AT_FDCWD, as_word(file), static_cast<long>(kHighBits) | 04755);
       }},
      {"fchmodat set-group-ID", [&] { return raw(SYS_fchmodat, AT_FDCWD, as_word(file), 02755); }},
      {"openat", [&] { return raw(SYS_openat, AT_FDCWD, as_word(made), O_CREAT | O_RDWR, 04755); }},
      {"openat O_TMPFILE",
       [&] { return raw(SYS_openat, AT_FDCWD, as_word(directory), O_TMPFILE | O_RDWR, 04755); }},
      {"mknodat", [&] { return raw(SYS_mknodat, AT_FDCWD, as_word(made), S_IFREG | 04755, 0); }},
  };
  for (const auto& [name, what] : attempts) {
    unlink(made.c_str());
    EXPECT_GE(attempt(kNone, what).result, 0) << name << " proves nothing here";
    unlink(made.c_str());
    EXPECT_EQ(attempt(filter(NestedNamespaces::Refused, Sockets::Internet), what).result, -EPERM)
        << name;
  }
  const Attempt ordinary = [&] {
    return raw(SYS_openat, AT_FDCWD, as_word(made), O_CREAT | O_RDWR, 0755);
  };
  EXPECT_GE(attempt(filter(NestedNamespaces::Refused, Sockets::Internet), ordinary).result, 0);
  unlink(made.c_str());
  unlink(file.c_str());
  rmdir(directory);
}

TEST(SeccompKernel, OnlyOrdinarySockets) {
  const auto uevents = [] { return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT); };
  const auto disguised = [] {
    return raw(SYS_socket, static_cast<long>(AF_NETLINK | kHighBits), SOCK_RAW,
               NETLINK_KOBJECT_UEVENT);
  };
  const auto routes = [] { return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); };
  const auto tcp = [] { return open_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); };
  const auto local = [] { return open_socket(AF_UNIX, SOCK_STREAM, 0); };
  EXPECT_EQ(attempt(flat(), uevents).result, -EAFNOSUPPORT);
  EXPECT_EQ(attempt(flat(), disguised).result, -EAFNOSUPPORT);
  EXPECT_GE(attempt(kNone, uevents).result, 0);
  EXPECT_GE(attempt(kNone, disguised).result, 0);
  EXPECT_GE(attempt(flat(), routes).result, 0);
  EXPECT_GE(attempt(flat(), tcp).result, 0);
  EXPECT_GE(attempt(flat(), local).result, 0);
  EXPECT_EQ(attempt(unix_only(), routes).result, -EAFNOSUPPORT);
  EXPECT_EQ(attempt(unix_only(), tcp).result, -EAFNOSUPPORT);
  EXPECT_GE(attempt(unix_only(), local).result, 0);
  for (const int family : {AF_ALG, AF_VSOCK, AF_PACKET, AF_BLUETOOTH, AF_KEY, AF_RDS, 44}) {
    const auto rare = [family] { return open_socket(family, SOCK_SEQPACKET, 0); };
    EXPECT_EQ(attempt(flat(), rare).result, -EAFNOSUPPORT) << family;
  }
}

TEST(SeccompKernel, DebuggingNeedsAWallAroundIt) {
  const Attempt traced = [] { return raw(SYS_ptrace, PTRACE_TRACEME); };
  EXPECT_EQ(attempt(flat(), traced).result, 0);
  EXPECT_EQ(attempt(unix_only(), traced).result, -EPERM);

  const pid_t stranger = getpid();
  const Attempt limit_stranger = [stranger] {
    const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    return raw(SYS_prlimit64, stranger, RLIMIT_CPU, reinterpret_cast<long>(&limit));
  };
  EXPECT_EQ(attempt(unix_only(), limit_stranger).result, -EPERM);
  EXPECT_EQ(attempt(kNone, limit_stranger).result, 0);
  const Attempt limit_oneself = []() -> long {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? setrlimit(RLIMIT_NOFILE, &limit) : -1;
  };
  EXPECT_EQ(attempt(unix_only(), limit_oneself).result, 0);
}

}  // namespace
}  // namespace cordon::seccomp
