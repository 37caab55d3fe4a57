#include "lxc/instance_network.h"

#include <gmock/gmock.h>

#include <set>

namespace cordon::lxc {
namespace {

using boost::asio::ip::make_address_v4;

ManagedNetwork bridge(boost::json::object config) {
  return {.name = "br0", .type = "bridge", .managed = true, .config = std::move(config)};
}

Subnet subnet(boost::json::object config) { return *read_subnet(bridge(std::move(config))); }

TEST(ReadSubnet, TheBridgeIsGatewayAndResolver) {
  const Subnet found = subnet({{"ipv4.address", "10.7.3.1/24"}});
  EXPECT_EQ(found.gateway.to_string(), "10.7.3.1");
  EXPECT_THAT(found.resolvers, testing::ElementsAre(make_address_v4("10.7.3.1")));
  const Address address = make_address_v4("10.7.3.9");
  EXPECT_EQ(runtime_lines(found, address),
            "lxc.net.0.ipv4.address = 10.7.3.9/24 10.7.3.255\nlxc.net.0.ipv4.gateway = 10.7.3.1\n");
  EXPECT_EQ(
      network_device(found, address),
      (boost::json::object{
          {"type", "nic"}, {"name", "eth0"}, {"network", "br0"}, {"ipv4.address", "10.7.3.9"}}));
}

TEST(ReadSubnet, UnlessItSaysOtherwise) {
  const Subnet found =
      subnet({{"ipv4.address", "10.7.3.1/24"},
              {"ipv4.dhcp.gateway", "10.7.3.2"},
              {"dns.nameservers", "10.7.3.3, fd00::1,10.7.3.4\nnameserver 6.6.6.6"}});
  EXPECT_EQ(found.gateway.to_string(), "10.7.3.2");
  EXPECT_THAT(found.resolvers, testing::ElementsAre(make_address_v4("10.7.3.3")));
}

TEST(ReadSubnet, RefusesWhereNoAddressCouldBeGiven) {
  const std::pair<ManagedNetwork, const char*> cases[] = {
      {{.name = "eth0", .type = "physical", .managed = false, .config = {}}, "CORDON_LXC_NETWORK"},
      {{.name = "o", .type = "ovn", .managed = true, .config = {{"ipv4.address", "10.7.3.1/24"}}},
       "no bridge"},
      {bridge({{"ipv4.address", "none"}}), "ipv4.address"},
      {bridge({}), "ipv4.address"},
      {bridge({{"ipv4.address", "10.7.3.1/0"}}), "ipv4.address"},
      {bridge({{"ipv4.address", "10.7.3.1/24"}, {"ipv4.dhcp", "false"}}), "ipv4.dhcp true"},
      {bridge({{"ipv4.address", "10.7.3.1/24"}, {"ipv4.dhcp.ranges", "10.7.3.9-x"}}), "ranges"},
      {bridge({{"ipv4.address", "10.7.3.1/24"}, {"ipv4.dhcp.ranges", "10.7.3.9-10.7.3.8"}}),
       "ranges"}};
  for (const auto& [network, words] : cases) {
    const auto refused = read_subnet(network);
    ASSERT_FALSE(refused) << words;
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr(words));
  }
}

// Every address that is given out, one after the other, from any place to begin at.
std::set<std::string> all_of(const Subnet& from, std::uint32_t hint) {
  Taken taken;
  std::set<std::string> given;
  while (const auto address = free_address(from, taken, hint)) {
    EXPECT_TRUE(given.insert(address->to_string()).second) << "twice";
    taken.addresses.insert(*address);
  }
  return given;
}

TEST(FreeAddress, GivesEveryOneOnceAndThenNone) {
  const Subnet small = subnet({{"ipv4.address", "10.7.3.2/29"}, {"ipv4.dhcp.gateway", "10.7.3.5"}});
  for (const std::uint32_t hint : {0U, 3U, 7U, 8U, 4'294'967'295U}) {
    EXPECT_THAT(all_of(small, hint),
                testing::ElementsAre("10.7.3.1", "10.7.3.3", "10.7.3.4", "10.7.3.6"));
  }
  EXPECT_THAT(all_of(subnet({{"ipv4.address", "10.7.3.2/32"}}), 1), testing::IsEmpty());
}

TEST(FreeAddress, KeepsToTheRangesOfTheNetwork) {
  const Subnet from = subnet({{"ipv4.address", "10.7.3.1/24"},
                              {"ipv4.dhcp.ranges", "10.7.3.254-10.7.3.255,10.7.3.20 - 10.7.3.21"}});
  EXPECT_THAT(all_of(from, 77), testing::ElementsAre("10.7.3.20", "10.7.3.21", "10.7.3.254"));
}

TEST(FreeAddress, GivesNoneThatTheConfigurationNames) {
  const Subnet from =
      subnet({{"ipv4.address", "10.7.3.1/28"},
              {"dns.nameservers", "10.7.3.3, 10.9.9.9\nnameserver 10.7.3.4"},
              {"raw.dnsmasq", "host-record=box.test,10.7.3.5\ndhcp-host=a,10.7.3.6"},
              {"ipv4.ovn.ranges", "10.7.3.8-10.7.3.13"}});
  EXPECT_THAT(all_of(from, 5), testing::ElementsAre("10.7.3.14", "10.7.3.2", "10.7.3.7"));
}

TEST(FreeAddress, GivesNoneOfARange) {
  const Subnet small = subnet({{"ipv4.address", "10.7.3.1/24"}});
  const Taken taken{.addresses = {},
                    .ranges = {{make_address_v4("10.7.3.0"), make_address_v4("10.7.3.252")}}};
  EXPECT_EQ(free_address(small, taken, 9)->to_string(), "10.7.3.253");
}

TEST(FreeAddress, LooksPastWhatIsTakenElsewhere) {
  // Leases of addresses that are not this network's take nothing of it away.
  const Subnet small = subnet({{"ipv4.address", "10.7.3.1/30"}});
  const Taken others{.addresses = {make_address_v4("10.9.9.9"), Address()}, .ranges = {}};
  EXPECT_EQ(free_address(small, others, 0)->to_string(), "10.7.3.2");
  const Taken all{.addresses = {make_address_v4("10.7.3.2")}, .ranges = {}};
  EXPECT_EQ(free_address(small, all, 0).error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cordon::lxc
