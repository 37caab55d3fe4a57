#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {
namespace {

using testing::HasSubstr;

TEST(Names, TiersAndLevelsAreReadAsTheyAreWritten) {
  for (const Tier tier : {Tier::Light, Tier::Gvisor, Tier::Container, Tier::Strong}) {
    EXPECT_EQ(parse_tier(to_string(tier)).value(), tier);
  }
  for (const auto level : {IsolationLevel::Off, IsolationLevel::Default, IsolationLevel::Enhanced,
                           IsolationLevel::Container, IsolationLevel::Maximum}) {
    EXPECT_EQ(parse_isolation_level(to_string(level)).value(), level);
  }
  EXPECT_EQ(to_string(Access::Hide), "hide");
  EXPECT_EQ(to_string(NetworkMode::Open), "open");
}

TEST(Names, UnknownOnesAreErrorsThatListWhatThereIs) {
  for (const auto* name : {"", "Light", "lightly", "light "}) {
    const auto tier = parse_tier(name);
    ASSERT_FALSE(tier) << name;
    EXPECT_EQ(tier.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(tier.error().message(), HasSubstr("light, gvisor, container, strong"));
  }
  const auto level = parse_isolation_level("none");
  ASSERT_FALSE(level);
  EXPECT_THAT(level.error().message(), HasSubstr("off, default, enhanced, container, maximum"));
}

}  // namespace
}  // namespace cordon
