#include "cli/select_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;

constexpr BackendInfo kBuiltIn[] = {{"native", Tier::Light}, {"docker", Tier::Container}};

class SelectBackend : public ::testing::Test {
 protected:
  std::string chosen(const RunOptions& options) {
    const auto selected = select_backend(kBuiltIn, options, [this](IsolationLevel level, auto) {
      looked_at_ = level;
      return facts_;
    });
    return selected ? std::string(selected->name) : selected.error().message();
  }
  std::string chosen(std::optional<Tier> tier, std::string backend) {
    RunOptions options;
    options.tier = tier;
    options.backend = std::move(backend);
    return chosen(options);
  }
  std::string for_level(IsolationLevel level) {
    RunOptions options;
    options.level = level;
    return chosen(options);
  }

  HostFacts facts_;
  std::optional<IsolationLevel> looked_at_;
};

TEST_F(SelectBackend, ANameOrATierIsTakenAsItStands) {
  EXPECT_EQ(chosen({}, ""), "native");
  EXPECT_EQ(chosen(Tier::Light, ""), "native");
  EXPECT_EQ(chosen(Tier::Container, ""), "docker");
  EXPECT_EQ(chosen({}, "docker"), "docker");
  EXPECT_EQ(chosen(Tier::Container, "docker"), "docker");
  EXPECT_EQ(looked_at_, std::nullopt) << "a look at the host costs as much as a run";
}

TEST_F(SelectBackend, OfTheTierGvisorTheImageTells) {
  RunOptions options;
  options.tier = Tier::Gvisor;
  EXPECT_EQ(select_backend(built_in_backends(), options, nullptr)->name, "gvisor");
  options.image = "debian";
  EXPECT_EQ(select_backend(built_in_backends(), options, nullptr)->name, "gvisor-docker");
  options.tier = Tier::Container;
  EXPECT_EQ(select_backend(built_in_backends(), options, nullptr)->name, "docker");
}

TEST_F(SelectBackend, NeverTakesAWeakerTier) {
  for (const Tier tier : {Tier::Gvisor, Tier::Strong}) {
    const std::string message = chosen(tier, "");
    EXPECT_THAT(message, HasSubstr(std::string("tier ") + std::string(to_string(tier))));
    EXPECT_THAT(message, HasSubstr("native (tier light), docker (tier container)"));
  }
  EXPECT_THAT(chosen(Tier::Container, "native"), HasSubstr("no native backend of tier container"));
}

TEST_F(SelectBackend, NamesWhatThereIs) {
  EXPECT_THAT(chosen({}, "magic"), HasSubstr("--backend magic: no such backend; this build has"));
}

TEST_F(SelectBackend, ALevelIsLookedUpForThisHost) {
  EXPECT_THAT(for_level(IsolationLevel::Default), HasSubstr("no user namespaces"));
  EXPECT_EQ(looked_at_, IsolationLevel::Default);
  facts_.docker.state = HostFact::State::Yes;
  EXPECT_EQ(for_level(IsolationLevel::Default), "docker");
  facts_.user_namespaces.state = facts_.seccomp.state = HostFact::State::Yes;
  EXPECT_EQ(for_level(IsolationLevel::Default), "native");
  EXPECT_EQ(for_level(IsolationLevel::Enhanced), "docker") << "there is no Landlock";
  EXPECT_EQ(for_level(IsolationLevel::Container), "docker");
  EXPECT_THAT(for_level(IsolationLevel::Maximum),
              HasSubstr("not in this build of Cordon: microvm, gvisor"));
}

TEST_F(SelectBackend, OffIsNoWayToRunWithout) {
  EXPECT_THAT(for_level(IsolationLevel::Off), HasSubstr("run it without cordon"));
}

}  // namespace
}  // namespace cordon::cli
