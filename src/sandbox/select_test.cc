#include "cordon/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "sandbox/select_needs.h"

namespace cordon {
namespace {

using enum IsolationLevel;
using enum OperatingSystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = HostFact::State;

constexpr BackendInfo kAll[] = {
    {"native", Tier::Light}, {"gvisor", Tier::Gvisor},  {"docker", Tier::Container},
    {"lxc", Tier::Strong},   {"microvm", Tier::Strong}, {"seatbelt", Tier::Light},
    {"codex", Tier::Light},
};
constexpr BackendInfo kNativeOnly[] = {{"native", Tier::Light}};
constexpr IsolationLevel kLevels[] = {Default, Enhanced, Container, Maximum};

// A host with everything.
HostFacts everything() {
  HostFacts facts = unprobed_facts();
  for (const auto fact :
       {&HostFacts::user_namespaces, &HostFacts::landlock, &HostFacts::seccomp, &HostFacts::docker,
        &HostFacts::runsc, &HostFacts::lxc, &HostFacts::hypervisor, &HostFacts::qemu,
        &HostFacts::sandbox_exec, &HostFacts::codex}) {
    (facts.*fact).state = State::Yes;
  }
  return facts;
}

HostFacts without(std::initializer_list<HostFact HostFacts::*> missing) {
  HostFacts facts = everything();
  for (const auto fact : missing) (facts.*fact).state = State::No;
  return facts;
}

std::string chosen(IsolationLevel level, const HostFacts& facts,
                   std::span<const BackendInfo> built_in = kAll,
                   WeakerGuarantees weaker = WeakerGuarantees::Refuse) {
  const auto selected = select_backend(level, facts, built_in, weaker);
  return selected ? selected->backend : selected.error().message();
}

TEST(Select, TakesTheFirstOfTheOrder) {
  EXPECT_EQ(chosen(Default, everything()), "native");
  EXPECT_EQ(chosen(Enhanced, everything()), "native");
  EXPECT_EQ(chosen(Container, everything()), "docker");
  EXPECT_EQ(chosen(Maximum, everything()), "microvm");
}

TEST(Select, NoUserNamespaces) {
  HostFacts facts = without({&HostFacts::user_namespaces});
  facts.user_namespaces.detail = "a sysctl forbids them";
  facts.user_namespaces.remedy = "sudo sysctl -w the.knob=1";
  const auto stronger = select_backend(Default, facts, kAll);
  ASSERT_TRUE(stronger);
  EXPECT_EQ(stronger->backend, "gvisor");
  EXPECT_EQ(stronger->tier, Tier::Gvisor);
  EXPECT_THAT(stronger->reason, HasSubstr("native: user namespaces: a sysctl forbids them"));

  const auto refused = select_backend(Default, facts, kNativeOnly);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(refused.error().remedy, "sudo sysctl -w the.knob=1");
  EXPECT_THAT(refused.error().detail,
              AllOf(HasSubstr("a sysctl forbids them"),
                    HasSubstr("not in this build of Cordon: gvisor, docker, lxc, microvm")));
}

TEST(Select, AcceptingLessIsForTheDefaultLevelOnly) {
  const HostFacts facts = without({&HostFacts::user_namespaces});
  EXPECT_EQ(chosen(Default, facts, kNativeOnly, WeakerGuarantees::Accept), "native");
  EXPECT_EQ(chosen(Default, facts, kAll, WeakerGuarantees::Accept), "gvisor")
      << "something as strong as asked comes first";
  for (const IsolationLevel level : {Enhanced, Container, Maximum}) {
    EXPECT_FALSE(select_backend(level, facts, kNativeOnly, WeakerGuarantees::Accept));
  }
  const HostFacts bare = without({&HostFacts::user_namespaces, &HostFacts::landlock});
  EXPECT_FALSE(select_backend(Default, bare, kNativeOnly, WeakerGuarantees::Accept));
}

TEST(Select, NoLandlock) {
  const HostFacts facts = without({&HostFacts::landlock});
  EXPECT_EQ(chosen(Default, facts), "native");
  EXPECT_EQ(chosen(Enhanced, facts), "gvisor");
  EXPECT_THAT(chosen(Enhanced, facts, kNativeOnly), HasSubstr("this host has no Landlock"));
}

TEST(Select, NoKvm) {
  EXPECT_EQ(chosen(Maximum, without({&HostFacts::hypervisor})), "gvisor");
  const HostFacts nothing = without({&HostFacts::hypervisor, &HostFacts::runsc});
  EXPECT_THAT(chosen(Maximum, nothing), AllOf(HasSubstr("microvm: this host has no hypervisor"),
                                              HasSubstr("gvisor: this host has no runsc")));
}

TEST(Select, NoDocker) {
  EXPECT_EQ(chosen(Container, without({&HostFacts::docker})), "gvisor");
  EXPECT_EQ(chosen(Container, without({&HostFacts::docker, &HostFacts::runsc})), "lxc");
}

TEST(Select, ASharedKernelIsNeverMaximum) {
  const HostFacts facts = without({&HostFacts::runsc, &HostFacts::qemu});
  const auto selected = select_backend(Maximum, facts, kAll);
  EXPECT_FALSE(selected) << selected->backend;
}

TEST(Select, MacOs) {
  HostFacts facts = everything();
  facts.system = MacOs;
  EXPECT_EQ(chosen(Default, facts), "seatbelt");
  EXPECT_EQ(chosen(Enhanced, facts), "docker");
  EXPECT_EQ(chosen(Maximum, facts), "microvm");
  EXPECT_THAT(chosen(Default, facts, kNativeOnly),
              HasSubstr("not in this build of Cordon: seatbelt"));
}

TEST(Select, Windows) {
  HostFacts facts = everything();
  facts.system = Windows;
  EXPECT_EQ(chosen(Default, facts), "codex");
  EXPECT_EQ(chosen(Container, facts), "docker");
  EXPECT_THAT(chosen(Maximum, facts),
              AllOf(HasSubstr("no backend for Windows is that strong"), HasSubstr("WSL 2")));
}

TEST(Select, AnotherSystemHasNothing) {
  HostFacts facts = everything();
  facts.system = Other;
  for (const IsolationLevel level : kLevels) EXPECT_FALSE(select_backend(level, facts, kAll));
}

TEST(Select, OffIsOnlyForOff) {
  EXPECT_EQ(chosen(Off, HostFacts{}), "none");
  for (const std::string_view name : {"", "of", "OFF", "none", "zero", "off "}) {
    EXPECT_FALSE(parse_isolation_level(name)) << name;
  }
  for (const IsolationLevel level : kLevels) {
    EXPECT_FALSE(select_backend(level, HostFacts{}, kAll)) << to_string(level);
    EXPECT_FALSE(select_backend(level, everything(), {})) << to_string(level);
  }
}

TEST(Select, WhatIsUnknownIsLeftToTheBackend) {
  EXPECT_EQ(chosen(Default, unprobed_facts(), kNativeOnly), "native");
}

// Whatever the host and the build: what is chosen is in the order, in the build, and has what it
// needs.
TEST(Select, NeverOutsideTheOrder) {
  constexpr HostFact HostFacts::* kFacts[] = {
      &HostFacts::user_namespaces, &HostFacts::landlock,   &HostFacts::seccomp, &HostFacts::docker,
      &HostFacts::runsc,           &HostFacts::hypervisor, &HostFacts::qemu,    &HostFacts::lxc};
  for (unsigned bits = 0; bits < 256; ++bits) {
    HostFacts facts;
    for (unsigned i = 0; i < 8; ++i) {
      (facts.*kFacts[i]).state = (bits >> i & 1U) != 0 ? State::Yes : State::No;
    }
    for (const IsolationLevel level : kLevels) {
      for (const std::span<const BackendInfo> built_in :
           {std::span<const BackendInfo>(kAll), std::span<const BackendInfo>(kNativeOnly)}) {
        const auto selected = select_backend(level, facts, built_in);
        if (!selected) {
          EXPECT_FALSE(selected.error().remedy.empty());
          continue;
        }
        EXPECT_THAT(selection_order(Linux, level), Contains(selected->backend));
        if (selected->backend == "native") {
          EXPECT_EQ(facts.user_namespaces.state, State::Yes);
          EXPECT_EQ(facts.seccomp.state, State::Yes);
          if (level == Enhanced) {
            EXPECT_EQ(facts.landlock.state, State::Yes);
          }
          EXPECT_TRUE(level == Default || level == Enhanced);
        }
      }
    }
  }
}

TEST(Select, OnlyWhatDecidesIsLookedAt) {
  EXPECT_THAT(facts_needed(Linux, Default, kNativeOnly),
              ElementsAre(&HostFacts::user_namespaces, &HostFacts::seccomp));
  EXPECT_THAT(facts_needed(Linux, Enhanced, kNativeOnly), Contains(&HostFacts::landlock));
  EXPECT_THAT(facts_needed(Linux, Container, kNativeOnly), IsEmpty());
  EXPECT_THAT(facts_needed(Linux, Maximum, kAll),
              ElementsAre(&HostFacts::hypervisor, &HostFacts::qemu, &HostFacts::runsc));
}

// The table of the manual and the one of the code.
TEST(Select, TheManualSaysTheSame) {
  std::ifstream file(CORDON_SELECTION_MANUAL);
  ASSERT_TRUE(file) << CORDON_SELECTION_MANUAL;
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    std::string empty, system, level, order;
    std::getline(cells, empty, '|');
    std::getline(cells, system, '|');
    std::getline(cells, level, '|');
    std::getline(cells, order, '|');
    rows[system + level] = order;
  }
  for (const OperatingSystem system : {Linux, MacOs, Windows}) {
    for (const IsolationLevel level : kLevels) {
      std::string order;
      for (const auto name : selection_order(system, level)) {
        order += (order.empty() ? "" : ", ") + std::string(name);
      }
      if (order.empty()) order = "none";
      const auto key =
          " " + std::string(to_string(system)) + "  " + std::string(to_string(level)) + " ";
      ASSERT_TRUE(rows.contains(key)) << key;
      EXPECT_EQ(rows[key], " " + order + " ") << key;
    }
  }
}

}  // namespace
}  // namespace cordon
