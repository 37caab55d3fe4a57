#include "gvisor/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace cordon::gvisor {
namespace {

using testing::HasSubstr;

constexpr Platforms kOld = {.systrap = false, .kvm = true, .ptrace = true};
constexpr Platforms kNew = {.systrap = true, .kvm = true, .ptrace = true};

KvmVerdict works() { return {.works = true}; }
KvmVerdict hangs() { return {.works = false, .why = "it hangs"}; }
KvmVerdict not_to_be_asked() {
  ADD_FAILURE() << "KVM is not tried where the answer counts for nothing";
  return works();
}

class StatedPlatform : public testing::Test {
 protected:
  StatedPlatform() { ::unsetenv("CORDON_GVISOR_PLATFORM"); }
  ~StatedPlatform() override { ::unsetenv("CORDON_GVISOR_PLATFORM"); }
};

TEST(PlatformsOf, AreThoseOfItsSources) {
  const Platforms old =
      platforms_of("pkg/sentry/platform/ptrace/ptrace.go; ... pkg/sentry/platform/kvm/kvm.go");
  EXPECT_TRUE(old.has(Platform::Kvm) && old.has(Platform::Ptrace));
  EXPECT_FALSE(old.has(Platform::Systrap));
  const Platforms systrap = platforms_of("gvisor.dev/gvisor/pkg/sentry/platform/systrap/stub.go");
  EXPECT_TRUE(systrap.has(Platform::Systrap));
  EXPECT_FALSE(systrap.has(Platform::Kvm) || systrap.has(Platform::Ptrace));
  EXPECT_TRUE(platforms_of("").has(Platform::Ptrace)) << "what every release has had";
}

TEST(ChoosePlatform, TakesTheFirstThatWorks) {
  EXPECT_EQ(choose_platform(kNew, std::nullopt, not_to_be_asked)->platform, Platform::Systrap);
  EXPECT_EQ(choose_platform(kOld, std::nullopt, works)->platform, Platform::Kvm);
  const auto last = choose_platform(kOld, std::nullopt, hangs);
  EXPECT_EQ(last->platform, Platform::Ptrace);
  EXPECT_EQ(last->remark, "KVM: it hangs");
  const auto without = choose_platform({.ptrace = true}, std::nullopt, not_to_be_asked);
  EXPECT_EQ(without->platform, Platform::Ptrace);
}

TEST(ChoosePlatform, NeverTakesAnotherThanTheOneThatIsStated) {
  EXPECT_EQ(choose_platform(kNew, Platform::Ptrace, not_to_be_asked)->platform, Platform::Ptrace);
  EXPECT_EQ(choose_platform(kNew, Platform::Kvm, works)->platform, Platform::Kvm);
  const auto kvm = choose_platform(kNew, Platform::Kvm, hangs);
  ASSERT_FALSE(kvm);
  EXPECT_EQ(kvm.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(kvm.error().message(), HasSubstr("it hangs"));
  EXPECT_THAT(kvm.error().remedy, HasSubstr("CORDON_GVISOR_PLATFORM"));
  const auto systrap = choose_platform(kOld, Platform::Systrap, not_to_be_asked);
  ASSERT_FALSE(systrap);
  EXPECT_EQ(systrap.error().code, ErrorCode::Unsupported);
}

TEST_F(StatedPlatform, IsWhatTheConfigurationSaysThenTheEnvironment) {
  EXPECT_EQ(*stated_platform({}), std::nullopt);
  ::setenv("CORDON_GVISOR_PLATFORM", "kvm", 1);
  EXPECT_EQ(*stated_platform({}), Platform::Kvm);
  EXPECT_EQ(*stated_platform({.platform = "ptrace"}), Platform::Ptrace);
  ::setenv("CORDON_GVISOR_PLATFORM", "", 1);
  EXPECT_EQ(*stated_platform({}), std::nullopt);
}

TEST_F(StatedPlatform, ThatIsNoneIsRefusedByTheNameOfWhoSaysIt) {
  ::setenv("CORDON_GVISOR_PLATFORM", "xen\x1b[2J", 1);
  EXPECT_THAT(stated_platform({}).error().message(), HasSubstr("CORDON_GVISOR_PLATFORM"));
  EXPECT_EQ(stated_platform({}).error().message().find('\x1b'), std::string::npos);
  EXPECT_THAT(stated_platform({.platform = "KVM"}).error().message(), HasSubstr("gvisor.platform"));
  EXPECT_FALSE(check({.platform = "KVM"}));
  EXPECT_TRUE(check({}));
}

}  // namespace
}  // namespace cordon::gvisor
