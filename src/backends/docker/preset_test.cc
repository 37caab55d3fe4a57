#include "docker/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "docker/evidence.h"
#include "docker/identity.h"

namespace cordon::docker {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

engine::ContainerConfig asked() {
  engine::ContainerConfig config;
  config.user = "65532:65532";
  config.host = *hardened();
  config.host.mounts = {{"/srv/job", "/srv/job", false}};
  return config;
}

TEST(Preset, IsWhatItSays) {
  const auto host = hardened();
  ASSERT_TRUE(host) << host.error().message();
  EXPECT_TRUE(host->read_only_root);
  EXPECT_TRUE(host->init);
  EXPECT_FALSE(host->privileged);
  EXPECT_THAT(host->cap_drop, ElementsAre("ALL"));
  EXPECT_THAT(host->cap_add, IsEmpty());
  EXPECT_EQ(host->network_mode, "none");
  EXPECT_THAT(host->security_options, Contains("no-new-privileges"));
  EXPECT_THAT(host->security_options, Contains(HasSubstr("seccomp={")));
  EXPECT_THAT(host->masked_paths, Contains("/proc/kcore"));
  EXPECT_THAT(host->masked_paths, Contains("/sys/firmware"));
  EXPECT_THAT(host->read_only_paths, Contains("/proc/sys"));
}

TEST(Preset, AnEngineThatTookItAllMissesNothing) {
  engine::Container given;
  given.config = asked();
  EXPECT_THAT(not_taken(asked(), given), IsEmpty());
}

// Each wall that an engine leaves out is noticed by itself.
TEST(Preset, EachWallThatIsMissingIsNamed) {
  using Change = std::function<void(engine::Container&)>;
  const std::vector<Change> changes = {
      [](auto& given) { given.config.host.privileged = true; },
      [](auto& given) { given.config.host.read_only_root = false; },
      [](auto& given) { given.config.host.cap_drop.clear(); },
      [](auto& given) { given.config.host.cap_add = {"SYS_ADMIN"}; },
      [](auto& given) { given.config.host.security_options = {"no-new-privileges"}; },
      [](auto& given) {
        given.config.host.security_options = {"no-new-privileges", "seccomp=unconfined"};
      },
      [](auto& given) {
        given.config.host.security_options.erase(given.config.host.security_options.begin());
      },
      [](auto& given) { given.config.host.network_mode = "bridge"; },
      [](auto& given) { given.config.host.ipc_mode = "host"; },
      [](auto& given) { given.config.host.pid_mode = "host"; },
      [](auto& given) { given.config.host.cgroupns_mode = "host"; },
      [](auto& given) { given.config.user = ""; },
      [](auto& given) { given.config.host.binds = {"/:/host"}; },
      [](auto& given) { given.config.host.devices = {"/dev/sda"}; },
      [](auto& given) { given.config.host.group_add = {"docker"}; },
      [](auto& given) { given.volumes = {"/data"}; },
      [](auto& given) { given.config.host.masked_paths.clear(); },
      [](auto& given) { given.config.host.read_only_paths.pop_back(); },
      [](auto& given) { given.config.host.mounts.front().source = "/"; },
      [](auto& given) { given.config.host.mounts.clear(); },
      [](auto& given) { given.config.host.mounts.push_back({"/", "/host", true}); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    engine::Container given;
    given.config = asked();
    changes[i](given);
    EXPECT_EQ(not_taken(asked(), given).size(), 1U) << i;
  }
}

TEST(Preset, WithoutANetworkLocalhostIsStillKnown) {
  engine::ContainerConfig config = asked();
  const std::size_t before = config.host.mounts.size();
  disable_network("/run/place/hosts", config);
  EXPECT_TRUE(config.network_disabled);
  EXPECT_EQ(config.host.network_mode, "none");
  ASSERT_EQ(config.host.mounts.size(), before + 1);
  EXPECT_EQ(config.host.mounts.back(), (engine::BindMount{"/run/place/hosts", "/etc/hosts", true}));
  disable_network("/run/other/hosts", config);
  EXPECT_EQ(config.host.mounts.size(), before + 1) << "what is mounted there stays";
}

TEST(NotTaken, AnotherRuntimeThanWasAskedFor) {
  engine::ContainerConfig on_gvisor = asked();
  on_gvisor.host.runtime = "runsc";
  engine::Container given;
  given.config = on_gvisor;
  EXPECT_THAT(not_taken(on_gvisor, given), IsEmpty());
  given.config.host.runtime = "runc";
  EXPECT_EQ(not_taken(on_gvisor, given).size(), 1U);
  EXPECT_THAT(not_taken(asked(), given), IsEmpty()) << "nothing was asked for";
}

TEST(Evidence, OurOwnNetworkIsNoneOfItsOwn) {
  constexpr std::string_view kAnyContainer = "/";  // every process has such a control group
  const auto ours = look_at_process(::getpid(), kAnyContainer);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->own_network, false);
}

TEST(Evidence, APlainProcessIsNotGvisor) { EXPECT_EQ(is_gvisors_kernel(::getpid()), false); }

TEST(Evidence, IsReadFromTheKernelsWords) {
  const Evidence held = read_evidence(
      "Name:\tinit\nUid:\t65532\t65532\t65532\t65532\nCapInh:\t0000000000000000\n"
      "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
      "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n");
  EXPECT_EQ(held.uid, 65532U);
  EXPECT_THAT(contradictions(held, Identity{}, true), IsEmpty());
  EXPECT_THAT(contradictions(held, Identity{1, 1}, true), Not(IsEmpty()));
  EXPECT_THAT(contradictions(held, Identity{1, 1}, false), IsEmpty());

  const Evidence nothing = read_evidence("");
  EXPECT_EQ(contradictions(nothing, Identity{}, true).size(), 3U);
  const Evidence open = read_evidence("CapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t0\n");
  EXPECT_EQ(contradictions(open, Identity{}, true).size(), 3U);
}

TEST(Identity, AnOrdinaryCallerStaysWhoTheyAre) {
  const native::Caller caller{.uid = 1000, .gid = 1000, .homes = {"/home/a"}};
  EXPECT_EQ(choose_identity({}, caller, {5, 5}), (Identity{1000, 1000}));
  EXPECT_EQ(choose_identity(1000, caller, {5, 5}), (Identity{1000, 1000}));
  EXPECT_EQ(choose_identity(kNonRootUser, caller, {5, 5}), Identity{});
  for (const std::uint32_t other : {0U, 5U, 1001U}) {
    EXPECT_FALSE(choose_identity(other, caller, {5, 5})) << other;
  }
}

TEST(Identity, RootIsNobodyOrTheOwner) {
  const native::Caller root{.uid = 0, .gid = 0, .homes = {"/root"}};
  EXPECT_EQ(choose_identity({}, root, {0, 0}), Identity{});
  EXPECT_EQ(choose_identity({}, root, {1000, 1001}), (Identity{1000, 1001}));
  EXPECT_EQ(choose_identity({}, root, {1000, 0}), (Identity{1000, kNonRootUser}));
  EXPECT_EQ(choose_identity(7, root, {1000, 1001}), (Identity{7, 7}));
  EXPECT_FALSE(choose_identity(0, root, {0, 0}));
}

}  // namespace
}  // namespace cordon::docker
