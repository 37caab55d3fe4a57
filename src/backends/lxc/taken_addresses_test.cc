#include "lxc/taken_addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace cordon::lxc {
namespace {

using boost::asio::ip::make_address_v4;
using testing::ElementsAre;
using testing::IsEmpty;

Address at(const char* text) { return make_address_v4(text); }

TEST(Taken, ByWhoeverAnswersOnTheInterface) {
  constexpr std::string_view kArp =
      "IP address       HW type     Flags       HW address            Mask     Device\n"
      "10.7.3.9         0x1         0x2         02:fc:00:00:00:05     *        br0\n"
      "10.7.3.10        0x1         0x0         00:00:00:00:00:00     *        br0\n"
      "10.7.3.11        0x1         0x6         02:fc:00:00:00:05     *        br0\n"
      "10.7.3.12        0x1         0x2         02:fc:00:00:00:05     *        eth0\n"
      "10.7.3.13        0x1         0x2\n"
      "10.7.3.14        0x1         0x2         00:16:3e:00:00:05     *        br0\n"
      "10.7.3.15        0x1         0x0         00:16:3e:00:00:06     *        br0\n";
  EXPECT_THAT(taken_by_neighbours(kArp, "br0", Neighbours::Machines).addresses,
              ElementsAre(at("10.7.3.9"), at("10.7.3.11")));
  EXPECT_THAT(taken_by_neighbours(kArp, "br0", Neighbours::Instances).addresses,
              ElementsAre(at("10.7.3.14")));
  EXPECT_THAT(taken_by_neighbours("", "br0", Neighbours::Machines).addresses, IsEmpty());
}

std::string route(const char* device, const char* to, const char* gateway, int flags,
                  const char* mask) {
  const auto raw = [](const char* text) { return htonl(at(text).to_uint()); };
  return fmt::format("{}\t{:08X}\t{:08X}\t{:04X}\t0\t0\t0\t{:08X}\t0\t0\t0   \n", device, raw(to),
                     raw(gateway), flags, raw(mask));
}

TEST(Taken, ByRoutersAndWhatOtherInterfacesLeadTo) {
  const std::string routes =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
      route("br0", "0.0.0.0", "10.7.3.200", 3, "0.0.0.0") +
      route("br0", "10.7.3.0", "0.0.0.0", 1, "255.255.255.0") +
      route("wg0", "10.7.3.128", "0.0.0.0", 1, "255.255.255.192") +
      route("wg1", "10.0.0.0", "0.0.0.0", 1, "255.0.0.0") +
      route("wg1", "10.7.3.64", "0.0.0.0", 0, "255.255.255.192");
  const Taken taken = taken_by_routes(routes, "br0", 24);
  EXPECT_THAT(taken.addresses, ElementsAre(at("10.7.3.200")));
  EXPECT_THAT(taken.ranges, ElementsAre(AddressRange(at("10.7.3.128"), at("10.7.3.191"))));
  EXPECT_EQ(taken.count(), 65);
  EXPECT_TRUE(taken.holds(at("10.7.3.191")));
  EXPECT_FALSE(taken.holds(at("10.7.3.192")));
}

TEST(Taken, ByTheHostItself) {
  constexpr std::string_view kTrie =
      "Main:\n"
      "  +-- 0.0.0.0/0 3 0 4\n"
      "     |-- 10.7.3.0\n"
      "        /24 link UNICAST\n"
      "     |-- 10.7.3.44\n"
      "        /32 host LOCAL\n"
      "     |-- 10.7.3.255\n"
      "        /32 link BROADCAST\n";
  EXPECT_THAT(taken_by_host(kTrie).addresses, ElementsAre(at("10.7.3.44")));
}

TEST(Taken, ByResolvers) {
  constexpr std::string_view kFile =
      "# nameserver 10.7.3.1\nsearch test\nnameserver\t10.7.3.53 \nnameserver fd00::1\n";
  EXPECT_THAT(taken_by_resolvers(kFile).addresses, ElementsAre(at("10.7.3.53")));
}

TEST(Taken, ByNobodyWhereNothingCanBeRead) {
  EXPECT_EQ(taken_around("", "br0", 24).count(), 0);
  EXPECT_EQ(taken_around("/nonexistent", "br0", 24).count(), 0);
}

}  // namespace
}  // namespace cordon::lxc
