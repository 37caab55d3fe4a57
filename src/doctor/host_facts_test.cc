#include "doctor/host_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "linux/user_namespaces.h"

namespace cordon::doctor {
namespace {

using FactState = HostFact::State;
using ::testing::HasSubstr;

constexpr BackendInfo kBuiltIn[] = {{"native", Tier::Light}};

HostReport good_report() {
  HostReport report;
  report.user_namespaces = report.proc_mount = report.seccomp = {State::Ok, "there", {}};
  report.landlock = {State::Limited, "ABI 4", "boot a newer kernel"};
  report.landlock_abi = 4;
  return report;
}

TEST(HostFacts, ComeFromTheReport) {
  HostReport report = good_report();
  EXPECT_EQ(host_facts(report).user_namespaces.state, FactState::Yes);
  EXPECT_EQ(host_facts(report).landlock.state, FactState::Yes) << "ABI 4 covers files";
  EXPECT_EQ(host_facts(report).docker.state, FactState::No);
  report.landlock_abi = 1;
  EXPECT_EQ(host_facts(report).landlock.state, FactState::No);
  report.proc_mount = {State::Missing, "masked", "unmask it"};
  EXPECT_EQ(host_facts(report).user_namespaces.state, FactState::No);
  EXPECT_EQ(host_facts(report).user_namespaces.remedy, "unmask it");
}

TEST(HostFacts, EveryLevelIsJudged) {
  HostReport report = good_report();
  judge_levels(report, kBuiltIn);
  ASSERT_EQ(report.levels.size(), 4U);
  EXPECT_EQ(report.levels[0].backend, "native");
  EXPECT_EQ(report.levels[0].check.state, State::Ok);
  EXPECT_EQ(report.levels[3].level, IsolationLevel::Maximum);
  EXPECT_EQ(report.levels[3].backend, "");
  EXPECT_THAT(report.levels[3].check.found, HasSubstr("not in this build"));
  EXPECT_FALSE(report.levels[3].check.remedy.empty());
}

// The same answer on the short way as after a full report; what decides nothing is not looked at.
TEST(HostFacts, ThisHost) {
  const auto facts = probe_host_facts(IsolationLevel::Enhanced, kBuiltIn);
  const bool usable = linux_os::probe_user_namespaces().usable;
  EXPECT_EQ(facts.user_namespaces.state, usable ? FactState::Yes : FactState::No);
  EXPECT_EQ(facts.docker.state, FactState::Unknown);
  EXPECT_EQ(select_backend(IsolationLevel::Default).has_value(), usable);
  const auto runsc = probe_fact(&cordon::HostFacts::runsc, std::chrono::seconds(1));
  EXPECT_EQ(select_backend(IsolationLevel::Maximum).has_value(), runsc.state == FactState::Yes);
  EXPECT_EQ(select_backend(IsolationLevel::Off)->backend, "none");
}

}  // namespace
}  // namespace cordon::doctor
