// Profiles and the programs they come to, in memory: every number, foreign architectures,
// conditions.
#include "linux/seccomp_profile.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "cordon/seccomp.h"
#include "linux/bpf_evaluator.h"
#include "linux/number_table.h"
#include "linux/seccomp.h"

namespace cordon {
namespace {

using seccomp::kAnswerAllow;
using seccomp::kAnswerError;
using seccomp::kAnswerKillProcess;
using seccomp::Program;
using ::testing::HasSubstr;
using enum SeccompAction;
using enum SeccompComparison;

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeign = AUDIT_ARCH_I386;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeign = AUDIT_ARCH_ARM;
#endif

constexpr std::uint32_t error(int number) { return kAnswerError | static_cast<unsigned>(number); }

using Arguments = std::array<std::uint64_t, 6>;

std::uint32_t answer(const Program& program, int number, const Arguments& arguments = {},
                     std::uint32_t architecture = kArchitecture) {
  seccomp::SystemCall call{.number = number, .architecture = architecture};
  std::ranges::copy(arguments, call.arguments);
  return seccomp::evaluate(program, call).value_or(1);
}

Program compiled(const SeccompProfile& profile) {
  const auto program = compile(profile);
  EXPECT_TRUE(program) << program.error().message();
  Program result;
  if (!program) return result;
  result.resize(program->bytes.size() / sizeof(sock_filter));
  std::memcpy(result.data(), program->bytes.data(), program->bytes.size());
  return result;
}

std::string refusal(const SeccompProfile& profile) {
  const auto program = compile(profile);
  if (program) return "taken";
  EXPECT_EQ(program.error().code, ErrorCode::InvalidArgument);
  return program.error().message();
}

SeccompRule rule(std::vector<std::string> names, SeccompAction action,
                 std::vector<SeccompCondition> conditions = {},
                 std::optional<std::uint32_t> number = {}) {
  return {std::move(names), action, number, std::move(conditions)};
}

// What a profile says, read straight from its definition.
std::uint32_t expected(const SeccompProfile& profile, const std::string& name,
                       const Arguments& arguments) {
  const auto word = [](SeccompAction action, std::optional<std::uint32_t> number) -> std::uint32_t {
    switch (action) {
      case KillProcess:
        return 0x80000000;
      case KillThread:
        return 0;
      case Trap:
        return 0x00030000;
      case Errno:
        return kAnswerError | number.value_or(EPERM);
      case Trace:
        return seccomp::kAnswerTrace | number.value_or(EPERM);
      case Log:
        return 0x7ffc0000;
      case Allow:
        break;
    }
    return kAnswerAllow;
  };
  const auto holds = [&](const SeccompCondition& one) {
    const std::uint64_t argument = arguments[one.argument];
    switch (one.comparison) {
      case Equal:
        return argument == one.value;
      case NotEqual:
        return argument != one.value;
      case Less:
        return argument < one.value;
      case LessOrEqual:
        return argument <= one.value;
      case Greater:
        return argument > one.value;
      case GreaterOrEqual:
        return argument >= one.value;
      case MaskedEqual:
        break;
    }
    return (argument & one.mask) == one.value;
  };
  std::uint32_t result = word(profile.default_action, profile.default_error);
  for (const bool conditional : {false, true}) {
    for (const SeccompRule& one : profile.rules) {
      if (one.conditions.empty() == conditional) continue;
      if (std::ranges::find(one.names, name) == one.names.end()) continue;
      if (std::ranges::all_of(one.conditions, holds)) result = word(one.action, one.error);
    }
  }
  return result;
}

// Every call that libseccomp knows here, by number.
const std::vector<std::pair<int, std::string>>& all_calls() {
  static const auto kCalls = [] {
    std::vector<std::pair<int, std::string>> calls;
    for (int number = 0; number < 1024; ++number) {
      char* const name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
      if (name != nullptr) calls.emplace_back(number, name);
      free(name);
    }
    return calls;
  }();
  return kCalls;
}

TEST(SeccompProfile, TheDefaultIsTheFilterOfRuns) {
  const auto ours = seccomp::filter(NestedNamespaces::Refused, seccomp::Sockets::Internet);
  const Program program = compiled(default_profile());
  ASSERT_EQ(program.size(), ours.size());
  EXPECT_EQ(std::memcmp(program.data(), ours.data(), ours.size_bytes()), 0);
  EXPECT_GT(default_profile().rules.size(), 40U);
}

TEST(SeccompProfile, EveryNumber) {
  SeccompProfile profile{
      .default_action = Errno,
      .default_error = ENOSYS,
      .architectures = {},
      .rules = {rule({"read", "write", "close"}, Allow), rule({"ptrace"}, KillProcess),
                rule({"getpid"}, Log), rule({"openat"}, Errno), rule({"kill"}, Trap)}};
  const Program program = compiled(profile);
  for (int number = 0; number < 2048; ++number) {
    std::uint32_t want = error(ENOSYS);
    if (number == SYS_read || number == SYS_write || number == SYS_close) want = kAnswerAllow;
    if (number == SYS_ptrace) want = kAnswerKillProcess;
    if (number == SYS_getpid) want = 0x7ffc0000;
    if (number == SYS_openat) want = error(EPERM);
    if (number == SYS_kill) want = 0x00030000;
    EXPECT_EQ(answer(program, number), want) << number;
    EXPECT_EQ(answer(program, number, {}, kForeign), kAnswerKillProcess) << number;
#if defined(__x86_64__)
    EXPECT_EQ(answer(program, number | 0x40000000), kAnswerKillProcess) << "x32 " << number;
#endif
  }
  EXPECT_EQ(answer(program, -1), error(ENOSYS));
}

// So many different answers that a jump cannot span the table.
TEST(SeccompProfile, ATableOfManyRanges) {
  SeccompProfile profile{
      .default_action = Allow, .default_error = {}, .architectures = {}, .rules = {}};
  for (const auto& [number, name] : all_calls()) {
    profile.rules.push_back(rule({name}, Errno, {}, static_cast<std::uint32_t>(number + 1)));
  }
  const Program program = compiled(profile);
  ASSERT_GT(all_calls().size(), 300U);
  for (const auto& [number, name] : all_calls()) {
    EXPECT_EQ(answer(program, number), error(number + 1)) << name;
  }
  EXPECT_EQ(answer(program, 1000), kAnswerAllow);
  EXPECT_EQ(answer(program, SYS_read, {}, kForeign), kAnswerKillProcess);
}

#if defined(__x86_64__)
TEST(SeccompProfile, ArchitecturesThatThisOneRunsToo) {
  SeccompProfile profile{
      .default_action = Errno,
      .default_error = ENOSYS,
      .architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"},
      .rules = {rule({"getpid", "socket"}, Allow), rule({"personality"}, Allow, {{0, Equal, 8, 0}}),
                rule({"ioctl"}, Allow), rule({"ioctl"}, Errno, {{1, MaskedEqual, 0x5412, ~0U}})}};
  const Program program = compiled(profile);
  constexpr int kGetpidI386 = 20;
  constexpr int kPersonalityI386 = 136;
  constexpr int kIoctlI386 = 54;
  constexpr int kIoctlX32 = 0x40000000 + 514;
  EXPECT_EQ(answer(program, SYS_getpid), kAnswerAllow);
  EXPECT_EQ(answer(program, kGetpidI386, {}, kForeign), kAnswerAllow);
  EXPECT_EQ(answer(program, SYS_getpid, {}, kForeign), error(ENOSYS)) << "another call there";
  EXPECT_EQ(answer(program, SYS_getpid | 0x40000000), kAnswerAllow);
  EXPECT_EQ(answer(program, kPersonalityI386, {8}, kForeign), kAnswerAllow);
  EXPECT_EQ(answer(program, kPersonalityI386, {9}, kForeign), error(ENOSYS));
  constexpr int kSocketI386 = 359;
  constexpr int kSocketcallI386 = 102;
  EXPECT_EQ(answer(program, kSocketI386, {}, kForeign), kAnswerAllow);
  EXPECT_EQ(answer(program, kSocketcallI386, {1}, kForeign), error(ENOSYS)) << "not named";
  EXPECT_EQ(answer(program, -1), error(ENOSYS));
  for (const auto& [number, architecture] : {std::pair(static_cast<int>(SYS_ioctl), kArchitecture),
                                             {kIoctlI386, kForeign},
                                             {kIoctlX32, kArchitecture}}) {
    EXPECT_EQ(answer(program, number, {0, 0x5401}, architecture), kAnswerAllow) << number;
    EXPECT_EQ(answer(program, number, {0, 0x5412}, architecture), error(EPERM)) << number;
  }
  EXPECT_EQ(answer(program, SYS_getpid, {}, AUDIT_ARCH_AARCH64), kAnswerKillProcess);
}
#endif

class Generator {
 public:
  explicit Generator(unsigned seed, std::uint64_t bits = UINT64_MAX) : random_(seed), bits_(bits) {}

  std::size_t below(std::size_t most) { return random_() % most; }

  std::uint64_t word() {
    constexpr std::uint64_t kWords[] = {
        0, 1, 2, 8, 0x5412, 0x80000000, 0xffffffff, 0x100000000, 0xdeadbeef00000002, UINT64_MAX};
    return (below(4) == 0 ? random_() : kWords[below(std::size(kWords))]) & bits_;
  }

  SeccompCondition condition(unsigned argument) {
    constexpr SeccompComparison kAll[] = {Equal,   NotEqual,       Less,       LessOrEqual,
                                          Greater, GreaterOrEqual, MaskedEqual};
    SeccompCondition one{.argument = argument, .comparison = kAll[below(7)], .value = word()};
    if (one.comparison == MaskedEqual) {
      one.mask = word();
      one.value &= one.mask;
    }
    if (one.comparison == Less && one.value == 0) one.value = 1;
    if (one.comparison == Greater && one.value == UINT64_MAX) one.value = 7;
    return one;
  }

  // Conditional rules of one call have one answer, or most profiles would be contradictions.
  SeccompProfile profile() {
    constexpr SeccompAction kActions[] = {Allow, Errno, KillProcess, Trap, Log, KillThread, Trace};
    SeccompProfile profile{.default_action = kActions[below(7)],
                           .default_error = {},
                           .architectures = {},
                           .rules = {}};
    for (int call = 0; call < 12; ++call) {
      const std::string name = all_calls()[below(all_calls().size())].second;
      if (below(2) == 0) profile.rules.push_back(rule({name}, kActions[below(7)]));
      const SeccompAction action = kActions[below(7)];
      for (std::size_t i = below(5); i > 0; --i) {
        SeccompRule one = rule({name}, action);
        for (unsigned argument = 0; argument < 6; ++argument) {
          if (below(3) == 0) one.conditions.push_back(condition(argument));
        }
        if (!one.conditions.empty()) profile.rules.push_back(std::move(one));
      }
    }
    return profile;
  }

  // Mostly values that some condition is about.
  Arguments arguments(const SeccompProfile& profile) {
    Arguments result{};
    for (auto& argument : result) argument = word();
    const SeccompRule& one = profile.rules[below(profile.rules.size())];
    for (const SeccompCondition& each : one.conditions) {
      result[each.argument] = (each.value + (below(4) == 0 ? below(3) - 1 : 0)) & bits_;
    }
    return result;
  }

 private:
  std::mt19937_64 random_;
  const std::uint64_t bits_;
};

TEST(SeccompProfile, ProgramsDoWhatProfilesSay) {
  int used = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Generator random(seed);
    const SeccompProfile profile = random.profile();
    if (profile.rules.empty() || !compile(profile)) continue;
    ++used;
    const Program program = compiled(profile);
    for (int i = 0; i < 300; ++i) {
      const SeccompRule& one = profile.rules[random.below(profile.rules.size())];
      const std::string& name = one.names.front();
      const int number = seccomp_syscall_resolve_name(name.c_str());
      const Arguments arguments = random.arguments(profile);
      ASSERT_EQ(answer(program, number, arguments), expected(profile, name, arguments))
          << "seed " << seed << ", " << name
          << fmt::format(" {:#x} {:#x}", arguments[0], arguments[1]);
    }
  }
  EXPECT_GT(used, 200);
}

#if defined(__x86_64__)
TEST(SeccompProfile, ForeignProgramsDoWhatProfilesSay) {
  int used = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Generator random(seed, 0xffffffff);
    SeccompProfile profile = random.profile();
    profile.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    if (profile.rules.empty() || !compile(profile)) continue;
    ++used;
    const Program program = compiled(profile);
    for (int i = 0; i < 300; ++i) {
      const std::string& name = profile.rules[random.below(profile.rules.size())].names.front();
      const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name.c_str());
      if (number < 0) continue;
      const Arguments arguments = random.arguments(profile);
      ASSERT_EQ(answer(program, number, arguments, kForeign), expected(profile, name, arguments))
          << "seed " << seed << ", " << name;
    }
  }
  EXPECT_GT(used, 100);
}
#endif

TEST(SeccompProfile, ContradictionsAreRefused) {
  const auto with = [](std::vector<SeccompRule> rules) {
    return SeccompProfile{.default_action = Errno,
                          .default_error = {},
                          .architectures = {},
                          .rules = std::move(rules)};
  };
  EXPECT_THAT(refusal(with({rule({"read"}, Allow), rule({"read"}, KillProcess)})),
              HasSubstr("read: two rules without conditions"));
  EXPECT_EQ(refusal(with({rule({"read"}, Allow), rule({"read"}, Allow)})), "taken");
  EXPECT_THAT(refusal(with({rule({"read"}, Allow, {{0, Equal, 1, 0}}),
                            rule({"read"}, Trap, {{0, Less, 5, 0}})})),
              HasSubstr("SCMP_ACT_ALLOW and SCMP_ACT_TRAP"));
  EXPECT_THAT(refusal(with({rule({"read"}, Allow, {{0, Equal, 1, 0}}),
                            rule({"read"}, Trap, {{1, Equal, 5, 0}})})),
              HasSubstr("different answers"));
  EXPECT_EQ(refusal(with({rule({"read"}, Allow, {{0, Equal, 1, 0}}),
                          rule({"read"}, Trap, {{0, Greater, 5, 0}})})),
            "taken");
  EXPECT_EQ(refusal(with({rule({"read"}, Allow, {{0, MaskedEqual, 1, 3}}),
                          rule({"read"}, Trap, {{0, MaskedEqual, 2, 7}})})),
            "taken");
  EXPECT_EQ(refusal(with({rule({"socket"}, Allow, {{0, NotEqual, 16, 0}}),
                          rule({"socket"}, Errno, {{0, Equal, 16, 0}}, 22)})),
            "taken");
}

TEST(SeccompProfile, MistakesAreNamed) {
  const auto one = [](SeccompRule what) {
    return refusal({.default_action = Errno,
                    .default_error = {},
                    .architectures = {},
                    .rules = {std::move(what)}});
  };
  EXPECT_THAT(one(rule({}, Allow)), HasSubstr("names no call"));
  EXPECT_THAT(one(rule({"Read"}, Allow)), HasSubstr("not the name"));
  EXPECT_THAT(one(rule({"read"}, Errno, {}, 4096)), HasSubstr("at most 4095"));
  EXPECT_THAT(one(rule({"read"}, Trace, {}, 65536)), HasSubstr("at most 65535"));
  EXPECT_THAT(one(rule({"read"}, Allow, {{6, Equal, 0, 0}})), HasSubstr("argument 6"));
  EXPECT_THAT(one(rule({"read"}, Allow, {{0, MaskedEqual, 4, 3}})), HasSubstr("never hold"));
  EXPECT_THAT(one(rule({"read"}, Allow, {{0, Less, 0, 0}})), HasSubstr("never hold"));
  EXPECT_THAT(one(rule({"read"}, Allow, {{0, Equal, 0, 0}, {0, Equal, 1, 0}})),
              HasSubstr("two conditions on argument 0"));
  EXPECT_THAT(
      refusal(
          {.default_action = Errno, .default_error = {}, .architectures = {"x86_64"}, .rules = {}}),
      HasSubstr("SCMP_ARCH_X86_64"));
}

TEST(SeccompProfile, UnknownNamesNeverOpenADoor) {
  SeccompProfile profile{.default_action = Errno,
                         .default_error = {},
                         .architectures = {},
                         .rules = {rule({"read", "no_such_call"}, Allow)}};
  const auto program = compile(profile);
  ASSERT_TRUE(program);
  EXPECT_THAT(program->unknown, ::testing::ElementsAre("no_such_call"));
  profile.default_action = Allow;
  profile.rules[0].action = Errno;
  EXPECT_THAT(refusal(profile), HasSubstr("no_such_call"));
}

TEST(SeccompProfile, WithoutOverlapLetsTheSameCallsThrough) {
  int turned = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    Generator random(seed);
    SeccompProfile profile{.default_action = seed % 2 == 0 ? Errno : Allow,
                           .default_error = {},
                           .architectures = {},
                           .rules = {}};
    const SeccompAction plain = seed % 3 == 0 ? Errno : Allow;
    profile.rules.push_back(rule({"ioctl"}, plain));
    for (std::size_t i = 1 + random.below(3); i > 0; --i) {
      SeccompRule one = rule({"ioctl"}, plain == Allow ? KillProcess : Allow);
      for (unsigned argument = 0; argument < 2; ++argument) {
        const std::uint64_t mask = random.below(2) == 0 ? 0xffff : random.word();
        one.conditions.push_back({argument, MaskedEqual, random.word() & mask, mask});
      }
      profile.rules.push_back(std::move(one));
    }
    const auto plainly = seccomp::without_overlap(profile);
    if (!plainly) {
      EXPECT_THAT(plainly.error().message(), HasSubstr("too many"));
      continue;
    }
    ++turned;
    for (int i = 0; i < 200; ++i) {
      const Arguments arguments = random.arguments(profile);
      const bool allowed = expected(profile, "ioctl", arguments) == kAnswerAllow;
      ASSERT_EQ(expected(*plainly, "ioctl", arguments) == kAnswerAllow, allowed) << seed;
    }
    const auto calls = seccomp::read_calls(*plainly);
    ASSERT_TRUE(calls) << calls.error().message();
    for (const auto& call : *calls) {
      EXPECT_FALSE(call.has_plain && !call.conditional.empty());
    }
  }
  EXPECT_GT(turned, 40);
}

TEST(SeccompProfile, WithoutOverlapNeedsFewRulesForNumbersThatLieClose) {
  SeccompProfile profile{.default_action = Errno,
                         .default_error = {},
                         .architectures = {},
                         .rules = {rule({"ioctl"}, Allow)}};
  constexpr std::uint64_t kWord = 0xffff'ffff;
  for (const std::uint64_t request : {0x5412U, 0x541cU, 0x541dU, 0x5423U}) {
    SeccompRule one = rule({"ioctl"}, KillProcess);
    one.conditions.push_back({1, MaskedEqual, request, kWord});
    profile.rules.push_back(std::move(one));
  }
  const auto plainly = seccomp::without_overlap(profile);
  ASSERT_TRUE(plainly);
  // A rule for each of the 26 bits that they share, and some for the rest: not 32 for each of them.
  EXPECT_LT(plainly->rules.size(), 26 + 16);
}

}  // namespace
}  // namespace cordon
