// The compiled filters against the policy they were made from, call by call, in memory.
#include "linux/seccomp.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <toml++/toml.h>

#include <csignal>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "linux/bpf_evaluator.h"

namespace cordon::seccomp {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeign = AUDIT_ARCH_I386;
constexpr const char* kArchitectureName = "x86_64";
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeign = AUDIT_ARCH_ARM;
constexpr const char* kArchitectureName = "aarch64";
#endif
constexpr int kX32 = 0x40000000;
constexpr std::uint64_t kHighBits = 0xdeadbeef00000000;

constexpr std::uint32_t error(int number) { return kAnswerError | static_cast<unsigned>(number); }

struct Variant {
  NestedNamespaces nested;
  Sockets sockets;

  std::string name() const {
    return std::string(nested == NestedNamespaces::Allowed ? "nested" : "flat") +
           (sockets == Sockets::UnixOnly ? "_unix_only" : "_internet");
  }
  bool includes(const std::string& variant) const {
    if (variant == "nested-refused") return nested == NestedNamespaces::Refused;
    if (variant == "nested-allowed") return nested == NestedNamespaces::Allowed;
    if (variant == "internet") return sockets == Sockets::Internet;
    if (variant == "unix-only") return sockets == Sockets::UnixOnly;
    return variant.empty();
  }
};

constexpr Variant kVariants[] = {
    {NestedNamespaces::Refused, Sockets::Internet},
    {NestedNamespaces::Refused, Sockets::UnixOnly},
    {NestedNamespaces::Allowed, Sockets::Internet},
    {NestedNamespaces::Allowed, Sockets::UnixOnly},
};

std::uint32_t parse_action(const std::string& action) {
  if (action == "allow") return kAnswerAllow;
  const std::map<std::string, int> errors = {
      {"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EAFNOSUPPORT", EAFNOSUPPORT}};
  return error(errors.at(action));
}

// What the policy says about each number; calls that depend on arguments are listed apart.
struct Expected {
  std::map<int, std::uint32_t> answers;
  std::set<int> conditional;
};

Expected read_policy(const Variant& variant) {
  const toml::table policy = toml::parse_file(CORDON_SECCOMP_POLICY);
  Expected expected;
  policy["group"].as_array()->for_each([&](const toml::table& group) {
    if (!variant.includes(group["variant"].value_or(std::string()))) return;
    const std::uint32_t action = parse_action(*group["action"].value<std::string>());
    for (const toml::node& node : *group["syscalls"].as_array()) {
      const std::string name = *node.value<std::string>();
      int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        const auto common = policy["numbers"][name].value<int>();
        number = common ? *common : policy["numbers"][kArchitectureName][name].value_or(-1);
      }
      if (number < 0) continue;
      expected.answers[number] = action;
      if (group.contains("rules")) expected.conditional.insert(number);
    }
  });
  return expected;
}

class Seccomp : public testing::TestWithParam<Variant> {
 protected:
  std::uint32_t answer(int number, std::vector<std::uint64_t> arguments = {},
                       std::uint32_t architecture = kArchitecture) const {
    SystemCall call{.number = number, .architecture = architecture};
    std::copy(arguments.begin(), arguments.end(), call.arguments);
    return evaluate(filter(GetParam().nested, GetParam().sockets), call).value_or(0);
  }
  bool nested() const { return GetParam().nested == NestedNamespaces::Allowed; }
  bool internet() const { return GetParam().sockets == Sockets::Internet; }
};

INSTANTIATE_TEST_SUITE_P(Variants, Seccomp, testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name(); });

TEST_P(Seccomp, EveryNumberIsAnsweredAsThePolicySays) {
  const Expected expected = read_policy(GetParam());
  ASSERT_GT(expected.answers.size(), 250U);
  for (int number = 0; number < 1024; ++number) {
    if (expected.conditional.contains(number)) continue;
    const auto stated = expected.answers.find(number);
    const std::uint32_t want = stated == expected.answers.end() ? error(ENOSYS) : stated->second;
    EXPECT_EQ(answer(number), want) << fmt::format("call {}: {:#x}", number, answer(number));
    EXPECT_EQ(answer(number, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}), want)
        << "call " << number << " depends on its arguments";
  }
}

TEST_P(Seccomp, ForeignArchitecturesKill) {
  for (int number = 0; number < 1024; ++number) {
    EXPECT_EQ(answer(number, {}, kForeign), kAnswerKillProcess) << number;
#if defined(__x86_64__)
    EXPECT_EQ(answer(number | kX32), kAnswerKillProcess) << "x32 " << number;
#endif
  }
}

TEST_P(Seccomp, NumbersOutOfRangeAreNotThere) {
  EXPECT_EQ(answer(-1), error(ENOSYS)) << "a tracer's way to skip a call";
  EXPECT_EQ(answer(4096), error(ENOSYS));
  EXPECT_EQ(answer(kX32 - 1), error(ENOSYS));
}

// --- Filters of a guarded sandbox

class GuardedFilter : public testing::TestWithParam<Guarded> {
 protected:
  static std::uint32_t evaluated(std::span<const sock_filter> program, int number,
                                 std::vector<std::uint64_t> arguments) {
    SystemCall call{.number = number, .architecture = kArchitecture};
    std::copy(arguments.begin(), arguments.end(), call.arguments);
    return evaluate(program, call).value_or(0);
  }
  std::uint32_t answer(int number, std::vector<std::uint64_t> arguments = {}) const {
    return evaluated(guarded_filter(GetParam()), number, std::move(arguments));
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, GuardedFilter,
                         testing::Values(Guarded::Making, Guarded::Removing, Guarded::Opening));

constexpr std::uint64_t kOpenFlags[] = {0,
                                        O_WRONLY,
                                        O_RDWR,
                                        O_CREAT,
                                        O_TRUNC,
                                        O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                        O_PATH,
                                        O_TMPFILE | O_WRONLY,
                                        O_RDWR | O_CREAT | O_EXCL,
                                        O_NOFOLLOW | O_NONBLOCK};

TEST_P(GuardedFilter, MakingAndOpeningToWriteIsHandedOver) {
  for (const int number : {SYS_mkdirat, SYS_mknodat, SYS_symlinkat, SYS_linkat, SYS_renameat2,
                           SYS_truncate, SYS_umask}) {
    EXPECT_EQ(answer(number), kAnswerHandOver) << number;
  }
  for (const std::uint64_t flags : kOpenFlags) {
    const bool writes = flags & (O_ACCMODE | O_CREAT | O_TRUNC);
    const std::uint32_t want =
        writes || GetParam() == Guarded::Opening ? kAnswerHandOver : kAnswerAllow;
    for (const std::uint64_t high : {std::uint64_t{0}, kHighBits}) {
      EXPECT_EQ(answer(SYS_openat, {0, 0, flags | high, 0644}), want) << flags;
#if defined(__x86_64__)
      EXPECT_EQ(answer(SYS_open, {0, flags | high, 0644}), want) << flags;
#endif
    }
  }
#if defined(__x86_64__)
  for (const int number : {SYS_creat, SYS_mkdir, SYS_mknod, SYS_symlink, SYS_link, SYS_rename}) {
    EXPECT_EQ(answer(number, {0, 0600}), kAnswerHandOver) << number;
  }
#endif
}

TEST_P(GuardedFilter, WhatIsRefusedStaysRefused) {
  EXPECT_EQ(answer(SYS_openat, {0, 0, O_CREAT | O_WRONLY, 04755}), error(EPERM));
  EXPECT_EQ(answer(SYS_mknodat, {0, 0, S_IFREG | 02755}), error(EPERM));
#if defined(__x86_64__)
  EXPECT_EQ(answer(SYS_open, {0, O_CREAT, 04755}), error(EPERM));
  EXPECT_EQ(answer(SYS_creat, {0, 04755}), error(EPERM));
#endif
  EXPECT_EQ(answer(SYS_openat2), error(ENOSYS));
  EXPECT_EQ(answer(SYS_io_uring_setup), error(ENOSYS));
  EXPECT_EQ(answer(SYS_open_by_handle_at), error(EPERM));
  EXPECT_EQ(answer(SYS_mount), error(EPERM));
}

TEST_P(GuardedFilter, RemovingIsHandedOverFromItsLevelOn) {
  const std::uint32_t want = GetParam() == Guarded::Making ? kAnswerAllow : kAnswerHandOver;
  EXPECT_EQ(answer(SYS_unlinkat), want);
#if defined(__x86_64__)
  EXPECT_EQ(answer(SYS_unlink), want);
  EXPECT_EQ(answer(SYS_rmdir), want);
#endif
}

// Every other call is answered as in a sandbox without a guard.
TEST_P(GuardedFilter, NothingElseChanges) {
  const auto plain = filter(NestedNamespaces::Refused, Sockets::Internet);
  const std::set<int> own = {444, 445, 446};  // Landlock: EOPNOTSUPP
  for (int number = 0; number < 1024; ++number) {
    for (const std::uint64_t argument :
         {std::uint64_t{0}, std::uint64_t{0x7f}, ~std::uint64_t{0}}) {
      const std::vector<std::uint64_t> arguments(6, argument);
      const std::uint32_t given = answer(number, arguments);
      if (own.contains(number)) {
        EXPECT_EQ(given, error(EOPNOTSUPP));
      } else if (given != kAnswerHandOver) {
        EXPECT_EQ(given, evaluated(plain, number, arguments)) << number;
      } else {
        EXPECT_EQ(evaluated(plain, number, arguments), kAnswerAllow) << number;
      }
    }
  }
}

// A marker for joining that was left over would hand the decision to a tracer.
TEST_P(Seccomp, NothingIsLeftToATracer) {
  const auto program = filter(GetParam().nested, GetParam().sockets);
  ASSERT_LE(program.size(), static_cast<std::size_t>(BPF_MAXINSNS));
  for (const sock_filter& instruction : program) {
    if (BPF_CLASS(instruction.code) != BPF_RET) continue;
    EXPECT_EQ(instruction.code, BPF_RET | BPF_K);
    EXPECT_NE(instruction.k & kAnswerMask, kAnswerTrace);
  }
}

TEST_P(Seccomp, TerminalInjectionIsRefusedWhateverTheHighBits) {
  for (const std::uint64_t request : {TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS}) {
    EXPECT_EQ(answer(SYS_ioctl, {0, request}), error(EPERM)) << request;
    EXPECT_EQ(answer(SYS_ioctl, {0, request | kHighBits}), error(EPERM)) << request;
  }
  for (const std::uint64_t request : {TCGETS, TIOCGWINSZ, TIOCSCTTY, FIONREAD, TIOCSPGRP}) {
    EXPECT_EQ(answer(SYS_ioctl, {0, request}), kAnswerAllow) << request;
  }
}

TEST_P(Seccomp, NamespacesAreMadeOnlyWhereAllowed) {
  const std::uint32_t want = nested() ? kAnswerAllow : error(EPERM);
  for (const std::uint64_t flag : {CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS,
                                   CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS}) {
    for (const std::uint64_t high : {std::uint64_t{0}, kHighBits}) {
      EXPECT_EQ(answer(SYS_clone, {flag | SIGCHLD | high}), want) << flag;
      EXPECT_EQ(answer(SYS_clone, {flag | CLONE_VM | CLONE_VFORK | high}), want) << flag;
      EXPECT_EQ(answer(SYS_unshare, {flag | CLONE_FILES | high}), want) << flag;
    }
  }
  EXPECT_EQ(answer(SYS_unshare, {CLONE_NEWTIME}), want);
  EXPECT_EQ(answer(SYS_unshare, {CLONE_FILES | CLONE_FS}), kAnswerAllow);
  EXPECT_EQ(answer(SYS_clone, {SIGCHLD}), kAnswerAllow) << "fork";
  EXPECT_EQ(answer(SYS_clone,
                   {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID}),
            kAnswerAllow)
      << "pthread_create";
  EXPECT_EQ(answer(SYS_clone3, {}), error(ENOSYS));
}

TEST_P(Seccomp, OnlyOrdinarySockets) {
  const std::uint32_t refused = error(EAFNOSUPPORT);
  const std::uint32_t inet = internet() ? kAnswerAllow : refused;
  const auto socket_of = [&](int family, int type, int protocol) {
    const std::uint32_t plain =
        answer(SYS_socket, {static_cast<unsigned>(family), static_cast<unsigned>(type),
                            static_cast<unsigned>(protocol)});
    const std::uint32_t disguised =
        answer(SYS_socket, {static_cast<unsigned>(family) | kHighBits,
                            static_cast<unsigned>(type | SOCK_CLOEXEC | SOCK_NONBLOCK) | kHighBits,
                            static_cast<unsigned>(protocol) | kHighBits});
    EXPECT_EQ(plain, disguised) << family << " " << type << " " << protocol;
    return plain;
  };
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    EXPECT_EQ(socket_of(AF_UNIX, type, 0), kAnswerAllow);
  }
  for (const int family : {AF_INET, AF_INET6}) {
    EXPECT_EQ(socket_of(family, SOCK_STREAM, 0), inet);
    EXPECT_EQ(socket_of(family, SOCK_STREAM, IPPROTO_TCP), inet);
    EXPECT_EQ(socket_of(family, SOCK_STREAM, IPPROTO_MPTCP), inet);
    EXPECT_EQ(socket_of(family, SOCK_DGRAM, IPPROTO_UDP), inet);
    EXPECT_EQ(socket_of(family, SOCK_DGRAM, IPPROTO_ICMP), inet);
    EXPECT_EQ(socket_of(family, SOCK_RAW, IPPROTO_ICMP), inet);
    EXPECT_EQ(socket_of(family, SOCK_STREAM, IPPROTO_SCTP), refused);
    EXPECT_EQ(socket_of(family, SOCK_SEQPACKET, 0), refused) << "sctp";
    EXPECT_EQ(socket_of(family, SOCK_DCCP, 0), refused);
    EXPECT_EQ(socket_of(family, SOCK_DGRAM, 115), refused) << "l2tp";
  }
  for (int protocol = 0; protocol < 64; ++protocol) {
    EXPECT_EQ(socket_of(AF_NETLINK, SOCK_RAW, protocol), protocol == NETLINK_ROUTE ? inet : refused)
        << protocol;
  }
  for (int family = 0; family < 128; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) {
      continue;
    }
    EXPECT_EQ(socket_of(family, SOCK_STREAM, 0), refused) << family;
    EXPECT_EQ(socket_of(family, SOCK_RAW, 0), refused) << family;
  }
  EXPECT_EQ(answer(SYS_socketpair, {AF_UNIX, SOCK_STREAM}), kAnswerAllow);
  EXPECT_EQ(answer(SYS_socketpair, {AF_TIPC, SOCK_STREAM}), refused);
}

TEST_P(Seccomp, StrangersAreOutOfReachWithoutNamespaces) {
  EXPECT_EQ(answer(SYS_ptrace), internet() ? kAnswerAllow : error(EPERM));
  EXPECT_EQ(answer(SYS_prlimit64, {0, 0, 0x7fff00000000}), kAnswerAllow) << "own limits";
  EXPECT_EQ(answer(SYS_prlimit64, {42, 0, 0}), kAnswerAllow) << "reading";
  const std::uint32_t want = internet() ? kAnswerAllow : error(EPERM);
  EXPECT_EQ(answer(SYS_prlimit64, {42, 0, 0x7fff00000000}), want) << "pointer, low half zero";
  EXPECT_EQ(answer(SYS_prlimit64, {42, 0, 0x1000}), want);
}

TEST_P(Seccomp, ProcessOneKeepsItsTurns) {
  constexpr std::uint64_t kHigh =
      0xdeadbeef00000000;  // not seen by the kernel: the argument is an int
  const auto refused = error(EPERM);
  EXPECT_EQ(answer(SYS_setpriority, {PRIO_PROCESS, 0, 5}), kAnswerAllow) << "its own";
  EXPECT_EQ(answer(SYS_setpriority, {PRIO_PGRP, 42, 5}), kAnswerAllow);
  EXPECT_EQ(answer(SYS_setpriority, {PRIO_PROCESS, 1, 5}), refused);
  EXPECT_EQ(answer(SYS_setpriority, {PRIO_PROCESS, kHigh | 1, 5}), refused);
  EXPECT_EQ(answer(SYS_setpriority, {PRIO_USER, 0, 5}), refused) << "all that its user has";
  EXPECT_EQ(answer(SYS_setpriority, {kHigh | PRIO_USER, 65532, 5}), refused);
  EXPECT_EQ(answer(SYS_ioprio_set, {1, 0, 0}), kAnswerAllow);
  EXPECT_EQ(answer(SYS_ioprio_set, {1, 1, 0}), refused);
}

TEST_P(Seccomp, PersonalitiesThatDebuggersUse) {
  for (const std::uint64_t allowed : {0x0, 0x8, 0x0040000}) {
    EXPECT_EQ(answer(SYS_personality, {allowed}), kAnswerAllow) << allowed;
  }
  EXPECT_EQ(answer(SYS_personality, {0xffffffff}), kAnswerAllow);
  EXPECT_EQ(answer(SYS_personality, {0x0100000}), error(EPERM)) << "MMAP_PAGE_ZERO";
  EXPECT_EQ(answer(SYS_personality, {0x0400000}), error(EPERM)) << "READ_IMPLIES_EXEC";
  EXPECT_EQ(answer(SYS_personality, {0x0440000}), error(EPERM)) << "both";
}

}  // namespace
}  // namespace cordon::seccomp
