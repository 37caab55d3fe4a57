#include "lxc/settings.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace cordon::lxc {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class LxcSettings : public testing::Test {
 protected:
  static constexpr const char* kNames[] = {
      "CORDON_LXC_EXECUTABLE", "CORDON_LXC_INSTANCE",   "CORDON_LXC_IMAGE", "CORDON_LXC_SOCKET",
      "CORDON_LXC_PROJECT",    "CORDON_LXC_CONTAINERS", "LXD_DIR",          "INCUS_DIR",
      "INCUS_SOCKET",          "CORDON_LXC_NETWORK"};
  LxcSettings() {
    for (const char* name : kNames) ::unsetenv(name);
  }
  ~LxcSettings() override {
    for (const char* name : kNames) ::unsetenv(name);
  }
};

TEST_F(LxcSettings, LooksForBothStores) {
  const auto settings = settings_of({});
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->sockets, Contains("/var/lib/lxd/unix.socket"));
  EXPECT_THAT(settings->sockets, Contains("/var/lib/incus/unix.socket"));
  EXPECT_EQ(settings->instance, "");
}

TEST_F(LxcSettings, APlaceThatIsStatedIsTheOnlyOne) {
  ::setenv("LXD_DIR", "/srv/lxd", 1);
  EXPECT_THAT(settings_of({})->sockets, ElementsAre("/srv/lxd/unix.socket"));
}

TEST_F(LxcSettings, TheExecutableSaysWhichStore) {
  ::setenv("CORDON_LXC_EXECUTABLE", "/opt/bin/incus", 1);
  EXPECT_THAT(settings_of({})->sockets, Not(Contains("/var/lib/lxd/unix.socket")));
  ::setenv("CORDON_LXC_EXECUTABLE", "lxc", 1);
  EXPECT_THAT(settings_of({})->sockets, Not(Contains("/var/lib/incus/unix.socket")));
  ::setenv("CORDON_LXC_EXECUTABLE", "podman", 1);
  EXPECT_EQ(settings_of({}).error().code, ErrorCode::InvalidArgument);
}

TEST_F(LxcSettings, AnInstanceHasAName) {
  ::setenv("CORDON_LXC_INSTANCE", "blue-sandbox", 1);
  EXPECT_EQ(settings_of({})->instance, "blue-sandbox");
  ::setenv("CORDON_LXC_INSTANCE", "../images", 1);
  EXPECT_EQ(settings_of({}).error().code, ErrorCode::InvalidArgument);
}

TEST_F(LxcSettings, WhatIsStatedComesBeforeTheEnvironment) {
  ::setenv("LXD_DIR", "/srv/lxd", 1);
  ::setenv("CORDON_LXC_INSTANCE", "of-the-environment", 1);
  ::setenv("CORDON_LXC_PROJECT", "p1", 1);
  const auto settings =
      settings_of({.socket = "/run/other.sock", .image = "alpine/3.20", .network = "br0"});
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_THAT(settings->sockets, ElementsAre("/run/other.sock"));
  EXPECT_EQ(settings->project, "p1");
  EXPECT_EQ(settings->image, "alpine/3.20");
  EXPECT_EQ(settings->network, "br0");
  EXPECT_EQ(settings->instance, "") << "the other one of two that exclude each other is stated";
  EXPECT_EQ(settings_of({})->instance, "of-the-environment");
}

TEST_F(LxcSettings, NonsenseIsRefusedByItsName) {
  const std::pair<LxcConfig, const char*> cases[] = {
      {{.executable = "docker"}, "lxc.executable"},
      {{.socket = "unix.socket"}, "lxc.socket"},
      {{.socket = "/a\nb"}, "lxc.socket"},
      {{.project = "a&project=b"}, "lxc.project"},
      {{.project = ".."}, "lxc.project"},
      {{.instance = "../x"}, "lxc.instance"},
      {{.image = "-x"}, "lxc.image"},
      {{.image = "../instances"}, "lxc.image"},
      {{.image = "alpine/.."}, "lxc.image"},
      {{.image = "alpine//x"}, "lxc.image"},
      {{.image = "alpine/"}, "lxc.image"},
      {{.network = "br0/leases"}, "lxc.network"},
      {{.network = ".."}, "lxc.network"},
      {{.image = std::string("a\0b", 3)}, "lxc.image"},
      {{.instance = "box", .image = "alpine"}, "lxc.image"},
      {{.containers = "/var/lib/lxc"}, "lxc.containers"},
      {{.executable = "lxc-attach", .containers = "here", .instance = "box"}, "lxc.containers"},
      {{.executable = "lxc-attach", .project = "p", .instance = "box"}, "lxc.project"},
      {{.executable = "lxc-attach", .image = "alpine"}, "lxc.image"},
      {{.executable = "lxc-attach", .instance = "box", .network = "br0"}, "lxc.network"},
  };
  for (const auto& [config, name] : cases) {
    const auto refused = check(config);
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().message(), testing::HasSubstr(name));
    EXPECT_FALSE(settings_of(config)) << name;
  }
  EXPECT_TRUE(check({}));
  ::setenv("CORDON_LXC_IMAGE", "alpine", 1);
  ::setenv("CORDON_LXC_INSTANCE", "box", 1);
  EXPECT_THAT(settings_of({}).error().message(), testing::HasSubstr("CORDON_LXC_INSTANCE"));
}

TEST_F(LxcSettings, ClassicLxcHasContainersByNameAndNoStore) {
  const auto settings = settings_of({.executable = "/usr/bin/lxc-attach", .instance = "box"});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->attach, "/usr/bin/lxc-attach");
  EXPECT_THAT(settings->sockets, testing::IsEmpty());
  EXPECT_FALSE(settings_of({.executable = "lxc-attach"})) << "none is named";
  ::setenv("CORDON_LXC_CONTAINERS", "/srv/lxc", 1);
  EXPECT_EQ(settings_of({.executable = "lxc-attach", .instance = "box"})->containers, "/srv/lxc");
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
