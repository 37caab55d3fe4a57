#include "doctor/tiers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "core/unique_fd.h"

namespace cordon::doctor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// What a fake light backend does when it is tried.
struct Script {
  std::optional<Error> unsupported;
  std::optional<Error> refuses_strict;
  std::optional<Error> refuses_weaker;
  int wait_status = 0;
  bool ends = true;
  Strength cpu_limit = Strength::Partial;
  // Seen
  std::vector<SandboxSpec> created;
  bool work_dir_was_there = false;
  bool killed = false;
};

class FakeProcess : public Process {
 public:
  explicit FakeProcess(Script& script)
      : script_(script), end_(::eventfd(script.ends, EFD_CLOEXEC)) {}
  int stdin_fd() const override { return -1; }
  void close_stdin() override {}
  int stdout_fd() const override { return -1; }
  int stderr_fd() const override { return -1; }
  int exit_fd() const override { return end_.get(); }
  Result<ProcessEnd> wait() override {
    ProcessEnd end;
    end.wait_status = script_.wait_status;
    return end;
  }
  Result<void> signal(int) override { return {}; }
  void kill() override { script_.killed = true; }
  Result<void> resize(TerminalSize) override { return {}; }
  std::optional<LimitKind> poll_limits() override { return std::nullopt; }

 private:
  Script& script_;
  UniqueFd end_;
};

class FakeSandbox : public Sandbox {
 public:
  explicit FakeSandbox(Script& script) : script_(script) {}
  Result<std::unique_ptr<Process>> start(const ProcessSpec&) override {
    return std::make_unique<FakeProcess>(script_);
  }
  Guarantees guarantees() const override {
    return {{"syscalls", Strength::Enforced, "seccomp", ""},
            {"cpu.limit", script_.cpu_limit, "", "no cgroup"}};
  }
  Result<std::string> describe(const ProcessSpec&) override { return {}; }

 private:
  Script& script_;
};

class FakeBackend : public Backend {
 public:
  explicit FakeBackend(Script& script, Tier tier = Tier::Light) : script_(script), tier_(tier) {}
  std::string_view name() const override { return "fake"; }
  Tier tier() const override { return tier_; }
  Capabilities capabilities() const override { return {}; }
  Result<void> supported() const override {
    if (script_.unsupported) return std::unexpected(*script_.unsupported);
    return {};
  }
  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    script_.created.push_back(spec);
    struct stat status{};
    script_.work_dir_was_there = ::stat(spec.work_dir.c_str(), &status) == 0;
    const auto& refusal = spec.weaker_guarantees == WeakerGuarantees::Refuse
                              ? script_.refuses_strict
                              : script_.refuses_weaker;
    if (refusal) return std::unexpected(*refusal);
    return std::make_unique<FakeSandbox>(script_);
  }

 private:
  Script& script_;
  Tier tier_;
};

Error degraded() {
  Error error;
  error.code = ErrorCode::Degraded;
  error.operation = "build the walls";
  error.detail = "user namespaces are forbidden";
  error.remedy = "sudo sysctl -w the.knob=1";
  return error;
}

HostReport judged(Script& script, Tier tier = Tier::Light,
                  std::chrono::milliseconds patience = 10s) {
  HostReport report;
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<FakeBackend>(script, tier));
  judge_tiers(report, backends, {}, patience);
  return report;
}

TEST(LightTier, Full) {
  Script script;
  const HostReport report = judged(script);
  EXPECT_EQ(report.light, LightTier::Full);
  EXPECT_EQ(exit_status(report), 0);
  EXPECT_EQ(report.tiers.at(0).check.state, State::Ok);
  EXPECT_EQ(report.tiers.at(0).backend, "fake");
  ASSERT_EQ(report.guarantees.size(), 2U);
  ASSERT_EQ(script.created.size(), 1U);
  EXPECT_EQ(script.created[0].weaker_guarantees, WeakerGuarantees::Refuse);
  EXPECT_TRUE(script.work_dir_was_there);
  struct stat status{};
  EXPECT_NE(::stat(script.created[0].work_dir.c_str(), &status), 0) << "left behind";
}

TEST(LightTier, AnAbsentGuaranteeIsDegradedEvenWhenNothingWasRefused) {
  Script script;
  script.cpu_limit = Strength::Absent;
  const HostReport report = judged(script);
  EXPECT_EQ(report.light, LightTier::Degraded);
  EXPECT_EQ(exit_status(report), 1);
  EXPECT_EQ(report.tiers.at(0).check.found, "runs, without cpu.limit: see below");
  EXPECT_EQ(script.created.size(), 1U);
}

TEST(LightTier, DegradedOnlyAfterARefusal) {
  Script script;
  script.refuses_strict = degraded();
  const HostReport report = judged(script);
  EXPECT_EQ(report.light, LightTier::Degraded);
  EXPECT_EQ(exit_status(report), 1);
  const Check& check = report.tiers.at(0).check;
  EXPECT_EQ(check.state, State::Limited);
  EXPECT_THAT(check.found, HasSubstr("--allow-degraded"));
  EXPECT_THAT(check.found, HasSubstr("user namespaces are forbidden"));
  EXPECT_THAT(check.found, Not(HasSubstr("the.knob"))) << "said twice";
  EXPECT_EQ(check.remedy, "sudo sysctl -w the.knob=1");
  EXPECT_EQ(report.guarantees.size(), 2U);
  ASSERT_EQ(script.created.size(), 2U);
  EXPECT_EQ(script.created[1].weaker_guarantees, WeakerGuarantees::Accept);
}

TEST(LightTier, Unavailable) {
  Script script;
  script.refuses_strict = degraded();
  script.refuses_weaker = degraded();
  const HostReport report = judged(script);
  EXPECT_EQ(report.light, LightTier::Unavailable);
  EXPECT_EQ(exit_status(report), 2);
  EXPECT_EQ(report.tiers.at(0).check.state, State::Missing);
  EXPECT_THAT(report.guarantees, IsEmpty());
}

TEST(LightTier, UnsupportedIsNotTried) {
  Script script;
  script.unsupported = degraded();
  EXPECT_EQ(exit_status(judged(script)), 2);
  EXPECT_THAT(script.created, IsEmpty());
}

TEST(LightTier, ACommandThatFailsIsNoSuccess) {
  for (const int status : {1 << 8, 31}) {
    Script script;
    script.wait_status = status;
    const HostReport report = judged(script);
    EXPECT_EQ(report.light, LightTier::Unavailable);
    EXPECT_THAT(report.tiers.at(0).check.found,
                HasSubstr(status == 31 ? "signal 31" : "exit status 1"));
  }
}

TEST(LightTier, ARunThatHangsIsEnded) {
  Script script;
  script.ends = false;
  const HostReport report = judged(script, Tier::Light, 20ms);
  EXPECT_EQ(report.light, LightTier::Unavailable);
  EXPECT_TRUE(script.killed);
  EXPECT_THAT(report.tiers.at(0).check.found, HasSubstr("20 ms"));
}

TEST(OtherTiers, OfABackendThatIsElsewhereTheHostTells) {
  constexpr BackendInfo kBuiltIn[] = {
      {"native", Tier::Light}, {"gvisor", Tier::Gvisor}, {"docker", Tier::Container}};
  HostReport report;
  report.docker = {State::Ok, "answers on /run/docker.sock", {}};
  report.runsc = {State::Missing, "not installed", "sudo apt install runsc"};
  judge_tiers(report, {}, kBuiltIn);
  EXPECT_EQ(report.tiers[1].backend, "gvisor");
  EXPECT_EQ(report.tiers[1].check.remedy, "sudo apt install runsc");
  EXPECT_EQ(report.tiers[2].backend, "docker");
  EXPECT_EQ(report.tiers[2].check.state, State::Ok);
  EXPECT_EQ(report.tiers[2].check.found, "answers on /run/docker.sock");
}

TEST(OtherTiers, WithoutABackendSayWhatTheHostHas) {
  HostReport report;
  report.runsc.state = State::Ok;
  report.podman.state = State::Ok;
  report.docker.state = State::Limited;
  judge_tiers(report, {});
  ASSERT_EQ(report.tiers.size(), 4U);
  EXPECT_EQ(report.tiers[1].check.found,
            "the host has runsc; this version of Cordon has no gvisor backend");
  EXPECT_EQ(report.tiers[2].check.found,
            "the host has Podman; this version of Cordon has no container backend");
  EXPECT_EQ(report.tiers[3].check.found,
            "the host has nothing for it; this version of Cordon has no strong backend");
  for (const TierReport& tier : report.tiers) EXPECT_EQ(tier.check.state, State::Missing);
  EXPECT_EQ(exit_status(report), 2);
}

TEST(OtherTiers, WithABackendAreAskedNotTried) {
  Script script;
  HostReport report = judged(script, Tier::Gvisor);
  EXPECT_EQ(report.tiers.at(1).check.state, State::Ok);
  EXPECT_THAT(script.created, IsEmpty());
  script.unsupported = degraded();
  report = judged(script, Tier::Gvisor);
  EXPECT_EQ(report.tiers.at(1).check.state, State::Missing);
  EXPECT_EQ(report.tiers.at(1).check.remedy, "sudo sysctl -w the.knob=1");
}

}  // namespace
}  // namespace cordon::doctor
