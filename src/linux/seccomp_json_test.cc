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

namespace cordon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using enum SeccompAction;
using enum SeccompComparison;

SeccompProfile parsed(std::string_view json, const SeccompContext& context = {}) {
  const auto profile = parse_seccomp_profile(json, context);
  EXPECT_TRUE(profile) << profile.error().message();
  return profile.value_or(SeccompProfile{});
}

std::string refusal(std::string_view json) {
  const auto profile = parse_seccomp_profile(json);
  if (profile) return "taken";
  EXPECT_EQ(profile.error().code, ErrorCode::InvalidArgument);
  return profile.error().message();
}

TEST(SeccompJson, RoundTrip) {
  const SeccompProfile profile{
      .default_action = Errno,
      .default_error = ENOSYS,
      .architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"},
      .rules = {{{"read", "write"}, Allow, {}, {}},
                {{"kill"}, Errno, 3, {}},
                {{"ptrace"}, Trace, 7, {}},
                {{"ioctl"},
                 Errno,
                 22,
                 {{1, MaskedEqual, 0x5412, 0xffffffff}, {2, GreaterOrEqual, UINT64_MAX, 0}}},
                {{"personality"}, Log, {}, {{0, NotEqual, 8, 0}}},
                {{"reboot"}, KillThread, {}, {}},
                {{"mount"}, Trap, {}, {}}}};
  const auto json = to_oci_json(profile);
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(parsed(*json), profile);
}

// Rules as Docker and Podman write them: by container, kernel and machine.
constexpr std::string_view kDockerShape = R"({
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 1,
  "archMap": [
    {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}
  ],
  "syscalls": [
    {"names": ["read", "write", "openat"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "",
     "includes": {}, "excludes": {}},
    {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "args": null, "includes": {"minKernel": "4.8"}},
    {"names": ["getpid"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "999.1"}},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]},
    {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
    {"names": ["breakpoint"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm"]}},
    {"names": ["mount", "setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
     "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390"]}},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
     "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
  ]
})";

std::vector<std::string> names_of(const SeccompProfile& profile) {
  std::vector<std::string> names;
  for (const auto& rule : profile.rules) {
    names.insert(names.end(), rule.names.begin(), rule.names.end());
  }
  return names;
}

TEST(SeccompJson, DockersShape) {
#if defined(__x86_64__)
  const SeccompProfile plain = parsed(kDockerShape);
  EXPECT_THAT(plain.architectures,
              ElementsAre("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"));
  EXPECT_THAT(names_of(plain), ElementsAre("read", "write", "openat", "ptrace", "personality",
                                           "arch_prctl", "clone", "clone3"));
  EXPECT_EQ(plain.rules.back().error, 38U);
  const auto clone = plain.rules[plain.rules.size() - 2].conditions;
  EXPECT_THAT(clone, ElementsAre(SeccompCondition{0, MaskedEqual, 0, 0x7e020000}));
  EXPECT_THAT(names_of(parsed(kDockerShape, {.capabilities = {"CAP_SYS_ADMIN"}})),
              ElementsAre("read", "write", "openat", "ptrace", "personality", "arch_prctl", "mount",
                          "setns"));
#endif
  EXPECT_TRUE(compile(parsed(kDockerShape)));
}

// runc takes several conditions on one argument as alternatives.
TEST(SeccompJson, ConditionsOnOneArgumentAreAlternatives) {
  const SeccompProfile profile = parsed(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
    {"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[
      {"index":0,"value":0,"op":"SCMP_CMP_EQ"},{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}]})");
  ASSERT_EQ(profile.rules.size(), 2U);
  EXPECT_THAT(profile.rules[0].conditions, ElementsAre(SeccompCondition{0, Equal, 0, 0}));
  EXPECT_THAT(profile.rules[1].conditions, ElementsAre(SeccompCondition{0, Equal, 8, 0}));
}

TEST(SeccompJson, MistakesNameTheField) {
  const auto in_rule = [](const std::string& text) {
    return refusal(
        R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},)" +
        text + "]}");
  };
  const auto in_args = [&](const std::string& text) {
    return in_rule(R"({"names":["write"],"action":"SCMP_ACT_ALLOW","args":[)" + text + "]}");
  };
  EXPECT_THAT(refusal(""), HasSubstr("line 1"));
  EXPECT_THAT(refusal("{\n\n  \"defaultAction\": }"), HasSubstr("line 3"));
  EXPECT_THAT(refusal("{} {}"), HasSubstr("extra data"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not an object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("defaultAction: it is required"));
  EXPECT_THAT(refusal(R"({"defaultAction":"SCMP_ACT_ALLOWED"})"), HasSubstr("no such action"));
  EXPECT_THAT(refusal(R"({"defaultAction":"SCMP_ACT_ALLOW","sycalls":[]})"),
              HasSubstr("unknown key \"sycalls\""));
  EXPECT_THAT(refusal(R"({"defaultAction":"SCMP_ACT_NOTIFY"})"), HasSubstr("listens"));
  EXPECT_THAT(refusal(R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_VAX"]})"),
              HasSubstr("SCMP_ARCH_VAX"));
  EXPECT_THAT(in_rule("7"), HasSubstr("syscalls[1]: not an object"));
  EXPECT_THAT(in_rule(R"({"action":"SCMP_ACT_ALLOW"})"), HasSubstr("syscalls[1]: names"));
  EXPECT_THAT(in_rule(R"({"names":["write"]})"), HasSubstr("syscalls[1]: action"));
  EXPECT_THAT(in_rule(R"({"names":[1],"action":"SCMP_ACT_ALLOW"})"),
              HasSubstr("syscalls[1].names[0]: not a string"));
  EXPECT_THAT(in_rule(R"({"names":["write"],"action":"SCMP_ACT_ERRNO","errnoRet":-1})"),
              HasSubstr("syscalls[1].errnoRet"));
  EXPECT_THAT(in_rule(R"({"names":["write"],"action":"SCMP_ACT_ERRNO","errnoRet":5000})"),
              HasSubstr("at most 4095"));
  EXPECT_THAT(in_args(R"({"index":6,"value":0,"op":"SCMP_CMP_EQ"})"),
              HasSubstr("syscalls[1].args[0].index: 6"));
  EXPECT_THAT(in_args(R"({"index":0,"value":0.5,"op":"SCMP_CMP_EQ"})"),
              HasSubstr("syscalls[1].args[0].value"));
  EXPECT_THAT(in_args(R"({"index":0,"value":0,"op":"=="})"), HasSubstr("no such comparison"));
  EXPECT_THAT(in_args(R"({"index":0,"value":0,"op":"SCMP_CMP_LT"})"), HasSubstr("never hold"));
  EXPECT_THAT(
      in_rule(R"({"names":["write"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"new"}})"),
      HasSubstr("syscalls[1].includes.minKernel"));
  EXPECT_THAT(in_rule(R"({"names":["read"],"action":"SCMP_ACT_TRAP",
                          "args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]})"),
              HasSubstr("read is answered both with and without conditions"));
}

TEST(SeccompJson, SizeAndDepthAreLimited) {
  EXPECT_THAT(refusal(std::string((1 << 20) + 1, ' ')), HasSubstr("at most 1048576"));
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_THAT(refusal(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":)" + deep + "}"),
              HasSubstr("deep"));
  EXPECT_THAT(refusal("{\"defaultAction\":\"" + std::string(5000, 'x') + "\"}").size(),
              ::testing::Lt(300U));
}

// The default profile as any runtime reads it lets the same calls through.
TEST(SeccompJson, TheDefaultProfileTravels) {
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  const auto program_of = [](const SeccompProfile& profile) {
    const auto compiled = compile(profile);
    EXPECT_TRUE(compiled) << compiled.error().message();
    seccomp::Program program(compiled ? compiled->bytes.size() / sizeof(sock_filter) : 0);
    if (compiled) std::memcpy(program.data(), compiled->bytes.data(), compiled->bytes.size());
    return program;
  };
  const auto json = to_oci_json(default_profile());
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_LT(json->size(), 72U * 1024U);
  const auto ours = program_of(default_profile());
  const auto theirs = program_of(parsed(*json));
  std::mt19937_64 random(7);
  constexpr std::uint64_t kWords[] = {0,    1,     2,     3,      6,      8,          10,
                                      16,   17,    0x40,  0x541d, 0x5412, 0x80000,    0x10000000,
                                      0755, 04755, 02755, 0101,   0x800,  0xffffffff, UINT64_MAX};
  int allowed = 0;
  for (int number = 0; number < 1024; ++number) {
    for (int i = 0; i < 300; ++i) {
      seccomp::SystemCall call{.number = number, .architecture = kArchitecture};
      for (auto& argument : call.arguments) {
        argument = random() % 5 == 0 ? random() : kWords[random() % std::size(kWords)];
      }
      const auto mine = seccomp::evaluate(ours, call).value_or(0);
      const auto other = seccomp::evaluate(theirs, call).value_or(0);
      allowed += mine == seccomp::kAnswerAllow ? 1 : 0;
      ASSERT_EQ(mine == seccomp::kAnswerAllow, other == seccomp::kAnswerAllow) << number;
    }
  }
  EXPECT_GT(allowed, 70000);
}

}  // namespace
}  // namespace cordon
