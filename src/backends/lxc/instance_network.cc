#include "lxc/instance_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <random>

#include "core/printable.h"
#include "core/try.h"
#include "lxc/json.h"

namespace cordon::lxc {

namespace {

namespace bj = boost::json;
namespace ip = boost::asio::ip;

constexpr std::string_view kOpen = "open the network";

std::unexpected<Error> refuse(ErrorCode code, const std::string& network, std::string detail,
                              std::string remedy) {
  return std::unexpected(Error{.code = code,
                               .operation = std::string(kOpen),
                               .subject = printable(network),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    auto part = text.substr(0, text.find(at));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    part.remove_prefix(std::min(part.size(), part.find_first_not_of(' ')));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

// Zero, which is nobody's, where it is none.
Address address_of(std::string_view text) {
  boost::system::error_code failure;
  const Address address = ip::make_address_v4(std::string(text), failure);
  return failure ? Address() : address;
}

// Of a network that the store manages, by the devices of a profile.
std::string network_of(const bj::object& devices) {
  for (const auto& [name, device] : devices) {
    if (!device.is_object() || json::text(device.get_object(), "type") != "nic") continue;
    std::string network = json::text(device.get_object(), "network");
    if (network.empty() && json::text(device.get_object(), "nictype") == "bridged") {
      network = json::text(device.get_object(), "parent");
    }
    if (!network.empty()) return network;
  }
  return {};
}

Taken taken_in(const std::vector<Lease>& leases) {
  Taken taken;
  for (const Lease& lease : leases) taken.addresses.insert(address_of(lease.address));
  return taken;
}

}  // namespace

Result<Subnet> read_subnet(const ManagedNetwork& network) {
  const auto value = [&](std::string_view key) { return json::text(network.config, key); };
  if (!network.managed || network.type != "bridge") {
    return refuse(ErrorCode::Unsupported, network.name,
                  network.managed
                      ? fmt::format("it is no bridge but: {}", printable(network.type))
                      : "the store does not manage it, and knows nobody's address there",
                  "`lxc network create NAME` makes a bridge that it manages; CORDON_LXC_NETWORK "
                  "names it");
  }
  Subnet subnet{.network = network.name,
                .bridge = {},
                .gateway = {},
                .ranges = {},
                .resolvers = {},
                .taken = taken_by_configuration(network.config)};
  boost::system::error_code failure;
  subnet.bridge = ip::make_network_v4(value("ipv4.address"), failure);
  if (failure || subnet.bridge.prefix_length() == 0) {
    return refuse(ErrorCode::Unsupported, network.name, "it has no IPv4 addresses to give",
                  fmt::format("`lxc network set {} ipv4.address ADDRESS/BITS`", network.name));
  }
  if (value("ipv4.dhcp") == "false") {
    return refuse(ErrorCode::Unsupported, network.name, "the store gives no addresses there",
                  fmt::format("`lxc network set {} ipv4.dhcp true`", network.name));
  }
  subnet.gateway = address_of(value("ipv4.dhcp.gateway"));
  if (subnet.gateway.is_unspecified()) subnet.gateway = subnet.bridge.address();
  subnet.ranges = read_ranges(value("ipv4.dhcp.ranges"));
  // A range that is not understood never means all.
  if (std::ranges::any_of(subnet.ranges,
                          [](const AddressRange& one) { return one.first.is_unspecified(); })) {
    return refuse(ErrorCode::Unsupported, network.name, "its ipv4.dhcp.ranges are not understood",
                  "FIRST-LAST, with commas between them, is");
  }
  for (const auto resolver : split(value("dns.nameservers"), ',')) {
    const Address address = address_of(resolver);
    if (!address.is_unspecified()) subnet.resolvers.push_back(address);
  }
  if (subnet.resolvers.empty()) subnet.resolvers.push_back(subnet.bridge.address());
  return subnet;
}

Result<Subnet> find_subnet(const Store& store, const std::string& stated,
                           const bj::object& default_devices) {
  const std::string name = stated.empty() ? network_of(default_devices) : stated;
  if (name.empty()) {
    return refuse(ErrorCode::Unsupported, "",
                  "no network is named, and the store's default profile has none",
                  "`lxc network create lxdbr0` makes one; CORDON_LXC_NETWORK=lxdbr0 names it, and "
                  "so does `lxc profile device add default eth0 nic network=lxdbr0`");
  }
  auto network = store.network(name);
  if (network) return read_subnet(*network);
  Error error = std::move(network).error();
  if (error.code == ErrorCode::NotFound) {
    error.remedy = "`lxc network list` shows those that there are; CORDON_LXC_NETWORK names one";
  }
  return std::unexpected(std::move(error));
}

Result<Address> free_address(const Subnet& subnet, const Taken& taken, std::uint32_t hint) {
  const std::uint32_t lowest = subnet.bridge.network().to_uint();
  const std::uint32_t highest = subnet.bridge.broadcast().to_uint();
  auto ranges = subnet.ranges;
  if (ranges.empty()) ranges.emplace_back(Address(lowest), Address(highest));
  std::uint64_t total = 0;
  for (const auto& [first, last] : ranges) total += last.to_uint() - first.to_uint() + 1ULL;
  const auto nth = [&](std::uint64_t n) {
    for (const auto& [first, last] : ranges) {
      const std::uint64_t size = last.to_uint() - first.to_uint() + 1ULL;
      if (n < size) return first.to_uint() + static_cast<std::uint32_t>(n);
      n -= size;
    }
    return lowest;
  };
  // More than these cannot be another's: one of so many tries is free, or none is.
  constexpr std::uint64_t kOwn = 4;  // the subnet's two ends, the bridge and the gateway
  const std::uint64_t tries =
      std::min<std::uint64_t>(total, taken.count() + subnet.taken.count() + kOwn + 1);
  for (std::uint64_t i = 0; i < tries; ++i) {
    Address candidate(nth((hint + i) % total));
    const bool is_end = candidate.to_uint() <= lowest || candidate.to_uint() >= highest;
    if (is_end || candidate == subnet.bridge.address() || candidate == subnet.gateway) continue;
    if (!taken.holds(candidate) && !subnet.taken.holds(candidate)) return candidate;
  }
  return refuse(ErrorCode::Unavailable, subnet.network, "every address that it has is taken",
                fmt::format("`lxc network list-leases {}` shows by whom", subnet.network));
}

Result<Address> choose_address(const Store& store, const Subnet& subnet) {
  std::random_device random;
  const auto hint = std::uniform_int_distribution<std::uint32_t>()(random);
  Taken taken = taken_in(TRY(store.leases(subnet.network)));
  const std::string process = store.process();
  taken.add(taken_around(process, subnet.network, subnet.bridge.prefix_length()));
  Taken avoided = taken;
  avoided.add(instances_around(process, subnet.network));
  auto address = free_address(subnet, avoided, hint);
  // An instance without a lease is gone, mostly.
  if (!address) address = free_address(subnet, taken, hint);
  if (address) ask_for(subnet.network, *address);
  return address;
}

Result<bool> is_only_ours(const Store& store, const Subnet& subnet, const Address& address,
                          std::string_view instance) {
  if (taken_around(store.process(), subnet.network, subnet.bridge.prefix_length()).holds(address)) {
    return false;
  }
  const auto leases = TRY(store.leases(subnet.network));
  return std::ranges::none_of(leases, [&](const Lease& lease) {
    return address_of(lease.address) == address && lease.holder != instance;
  });
}

bj::object network_device(const Subnet& subnet, const Address& address) {
  return {{"type", "nic"},
          {"name", json::view(kInterface)},
          {"network", subnet.network},
          {"ipv4.address", address.to_string()}};
}

std::string runtime_lines(const Subnet& subnet, const Address& address) {
  // The instance has no other network device: it is the first.
  return fmt::format("lxc.net.0.ipv4.address = {}/{} {}\nlxc.net.0.ipv4.gateway = {}\n",
                     address.to_string(), subnet.bridge.prefix_length(),
                     subnet.bridge.broadcast().to_string(), subnet.gateway.to_string());
}

}  // namespace cordon::lxc
