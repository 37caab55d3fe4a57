#include "lxc/guarantees.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace cordon::lxc {
namespace {

TEST(InterfacesIn, NamesThem) {
  const std::string heading = "Inter-|   Receive\n face |bytes\n";
  EXPECT_THAT(interfaces_in(heading + "    lo: 0 0\n"), testing::ElementsAre("lo"));
  EXPECT_THAT(interfaces_in(heading + "    lo: 0 0\n  eth0: 0 0\n"),
              testing::ElementsAre("eth0", "lo"));
  EXPECT_THAT(interfaces_in(heading), testing::IsEmpty());
}

TEST(MapsNoRoot, SaysSo) {
  EXPECT_TRUE(maps_no_root("         0     100000   10000001\n"));
  EXPECT_TRUE(maps_no_root("0 100000 1000\n1000 1000 1\n1001 101001 9999000\n"));
  EXPECT_FALSE(maps_no_root("         0          0 4294967295\n"));
  EXPECT_FALSE(maps_no_root("0 100000 1000\n1000 0 1\n")) << "under another number";
  EXPECT_FALSE(maps_no_root(""));
}

class Report : public testing::Test {
 protected:
  Report() {
    policy_.limits.memory_bytes = 64 << 20;
    facts_.policy = &policy_;
    facts_.files = &files_;
    facts_.instance_there = true;
  }
  Strength strength(std::string_view name) {
    const Guarantees all = make_guarantees(facts_);
    return std::ranges::find(all, name, &Guarantee::name)->strength;
  }
  Policy policy_;
  Files files_;
  Enforcement facts_;
};

TEST_F(Report, NamesEveryGuaranteeOnce) {
  std::vector<std::string> names;
  for (const Guarantee& one : make_guarantees(facts_)) names.push_back(one.name);
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(guarantee::kAll));
}

TEST_F(Report, ALimitThatNoGroupShowsIsAbsent) {
  EXPECT_EQ(strength(guarantee::kMemoryLimit), Strength::Absent);
}

TEST_F(Report, ASharedInstanceIsWeaker) {
  EXPECT_EQ(strength(guarantee::kProcessIsolation), Strength::Enforced);
  facts_.shared = true;
  EXPECT_EQ(strength(guarantee::kProcessIsolation), Strength::Partial);
  EXPECT_EQ(strength(guarantee::kPrivileges), Strength::Enforced);
  facts_.privileged = true;
  EXPECT_EQ(strength(guarantee::kPrivileges), Strength::Partial);
}

TEST_F(Report, AnOpenNetworkIsNotClaimed) {
  EXPECT_EQ(strength(guarantee::kNetworkEgress), Strength::Enforced);
  policy_.network = NetworkMode::Open;
  EXPECT_EQ(strength(guarantee::kNetworkEgress), Strength::Absent);
}

TEST_F(Report, NothingHoldsBeforeThereIsAnInstance) {
  facts_.instance_there = false;
  for (const Guarantee& one : make_guarantees(facts_)) EXPECT_EQ(one.strength, Strength::Absent);
}

}  // namespace
}  // namespace cordon::lxc
