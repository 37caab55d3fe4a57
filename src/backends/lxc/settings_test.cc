#include "lxc/settings.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace cordon::lxc {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class SettingsOfEnvironment : public testing::Test {
 protected:
  static constexpr const char* kNames[] = {"CORDON_LXC_EXECUTABLE", "CORDON_LXC_INSTANCE",
                                           "LXD_DIR", "INCUS_DIR", "INCUS_SOCKET"};
  SettingsOfEnvironment() {
    for (const char* name : kNames) ::unsetenv(name);
  }
  ~SettingsOfEnvironment() override {
    for (const char* name : kNames) ::unsetenv(name);
  }
};

TEST_F(SettingsOfEnvironment, LooksForBothStores) {
  const auto settings = settings_of_environment();
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->sockets, Contains("/var/lib/lxd/unix.socket"));
  EXPECT_THAT(settings->sockets, Contains("/var/lib/incus/unix.socket"));
  EXPECT_EQ(settings->instance, "");
}

TEST_F(SettingsOfEnvironment, APlaceThatIsStatedIsTheOnlyOne) {
  ::setenv("LXD_DIR", "/srv/lxd", 1);
  EXPECT_THAT(settings_of_environment()->sockets, ElementsAre("/srv/lxd/unix.socket"));
}

TEST_F(SettingsOfEnvironment, TheExecutableSaysWhichStore) {
  ::setenv("CORDON_LXC_EXECUTABLE", "/opt/bin/incus", 1);
  EXPECT_THAT(settings_of_environment()->sockets, Not(Contains("/var/lib/lxd/unix.socket")));
  ::setenv("CORDON_LXC_EXECUTABLE", "lxc", 1);
  EXPECT_THAT(settings_of_environment()->sockets, Not(Contains("/var/lib/incus/unix.socket")));
  ::setenv("CORDON_LXC_EXECUTABLE", "podman", 1);
  EXPECT_EQ(settings_of_environment().error().code, ErrorCode::InvalidArgument);
}

TEST_F(SettingsOfEnvironment, AnInstanceHasAName) {
  ::setenv("CORDON_LXC_INSTANCE", "blue-sandbox", 1);
  EXPECT_EQ(settings_of_environment()->instance, "blue-sandbox");
  ::setenv("CORDON_LXC_INSTANCE", "../images", 1);
  EXPECT_EQ(settings_of_environment().error().code, ErrorCode::InvalidArgument);
}

TEST(IsInstanceName, AsStoresWantThem) {
  EXPECT_TRUE(is_instance_name("a"));
  EXPECT_TRUE(is_instance_name("cordon-01a1ff10-82f5-7204-a1f7-e85f6718e388"));
  for (const char* name : {"", "1a", "-a", "a-", "a_b", "a/b", "a?b", "a b"}) {
    EXPECT_FALSE(is_instance_name(name)) << name;
  }
  EXPECT_FALSE(is_instance_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace cordon::lxc
