#include "lxc/taken_addresses.h"

#include <arpa/inet.h>
#include <net/route.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "core/unique_fd.h"
#include "linux/proc_file.h"
#include "lxc/json.h"

namespace cordon::lxc {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find_first_of(at));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::optional<Address> read_address(std::string_view text) {
  boost::system::error_code failure;
  const Address address = boost::asio::ip::make_address_v4(std::string(text), failure);
  return failure ? std::nullopt : std::optional(address);
}

template <typename Number>
std::optional<Number> read_hex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  Number number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// As the kernel prints them: a number of the network's order.
std::optional<Address> read_raw_address(std::string_view text) {
  const auto number = read_hex<std::uint32_t>(text);
  if (!number) return std::nullopt;
  return Address(ntohl(*number));
}

// LXD and Incus give their instances such ones.
bool is_instances(std::string_view hardware_address) {
  return hardware_address.starts_with("00:16:3e:") || hardware_address.starts_with("10:66:6a:");
}

std::string read(const std::string& process, std::string_view path) {
  if (process.empty()) return {};
  return linux_os::read_proc_file(process + std::string(path)).value_or("");
}

}  // namespace

bool Taken::holds(const Address& address) const {
  return addresses.contains(address) || std::ranges::any_of(ranges, [&](const AddressRange& one) {
           return one.first <= address && address <= one.second;
         });
}

std::uint64_t Taken::count() const {
  std::uint64_t count = addresses.size();
  for (const auto& [first, last] : ranges) count += last.to_uint() - first.to_uint() + 1ULL;
  return count;
}

void Taken::add(Taken other) {
  addresses.merge(other.addresses);
  ranges.insert(ranges.end(), other.ranges.begin(), other.ranges.end());
}

std::vector<AddressRange> read_ranges(std::string_view text) {
  std::vector<AddressRange> ranges;
  for (const auto range : split(text, ",")) {
    const auto ends = split(range, "- ");
    const auto first = read_address(ends.empty() ? "" : ends.front());
    const auto last = read_address(ends.empty() ? "" : ends.back());
    const bool good = ends.size() == 2 && first && last && *first <= *last;
    ranges.push_back(good ? AddressRange(*first, *last) : AddressRange());
  }
  return ranges;
}

Taken taken_by_configuration(const boost::json::object& network) {
  Taken taken;
  // Names and settings of dnsmasq, whatever they mean.
  for (const char* const key : {"raw.dnsmasq", "dns.nameservers", "ipv4.nat.address"}) {
    for (const auto word : split(json::text(network, key), " \t\n,=/:;@#[]\"'")) {
      if (const auto address = read_address(word)) taken.addresses.insert(*address);
    }
  }
  for (const AddressRange& range : read_ranges(json::text(network, "ipv4.ovn.ranges"))) {
    if (!range.first.is_unspecified()) taken.ranges.push_back(range);
  }
  return taken;
}

Taken taken_by_neighbours(std::string_view arp, std::string_view interface, Neighbours which) {
  enum Column : std::size_t { kAddress, kFlags = 2, kHardware, kDevice = 5, kColumns };
  Taken taken;
  for (const auto line : split(arp, "\n")) {
    const auto words = split(line, " \t");
    if (words.size() != kColumns || words[kDevice] != interface) continue;
    const auto address = read_address(words[kAddress]);
    const bool instance = is_instances(words[kHardware]);
    if (instance != (which == Neighbours::Instances)) continue;
    // Without flags: it was asked for, and nobody answered.
    if (address && read_hex<unsigned>(words[kFlags]).value_or(0) != 0) {
      taken.addresses.insert(*address);
    }
  }
  return taken;
}

Taken taken_by_routes(std::string_view route, std::string_view interface, unsigned prefix_length) {
  enum Column : std::size_t { kDevice, kDestination, kGateway, kFlags, kMask = 7, kLeast };
  Taken taken;
  for (const auto line : split(route, "\n")) {
    const auto words = split(line, " \t");
    if (words.size() < kLeast) continue;
    const auto destination = read_raw_address(words[kDestination]);
    const auto gateway = read_raw_address(words[kGateway]);
    const auto mask = read_raw_address(words[kMask]);
    const auto flags = read_hex<unsigned>(words[kFlags]);
    if (!destination || !gateway || !mask || !flags || (*flags & RTF_UP) == 0) continue;
    if ((*flags & RTF_GATEWAY) != 0) taken.addresses.insert(*gateway);
    const bool smaller = std::popcount(mask->to_uint()) > static_cast<int>(prefix_length);
    if (words[kDevice] != interface && smaller) {
      taken.ranges.emplace_back(*destination, Address(destination->to_uint() | ~mask->to_uint()));
    }
  }
  return taken;
}

Taken taken_by_host(std::string_view fib_trie) {
  Taken taken;
  std::optional<Address> leaf;
  for (const auto line : split(fib_trie, "\n")) {
    const auto words = split(line, " ");
    if (words.size() == 2 && words.front() == "|--") leaf = read_address(words.back());
    if (leaf && words == std::vector<std::string_view>{"/32", "host", "LOCAL"}) {
      taken.addresses.insert(*leaf);
    }
  }
  return taken;
}

Taken taken_by_resolvers(std::string_view resolv_conf) {
  Taken taken;
  for (const auto line : split(resolv_conf, "\n")) {
    const auto words = split(line, " \t");
    if (words.size() < 2 || words.front() != "nameserver") continue;
    if (const auto address = read_address(words[1])) taken.addresses.insert(*address);
  }
  return taken;
}

Taken taken_around(const std::string& process, std::string_view interface, unsigned prefix_length) {
  Taken taken = taken_by_neighbours(read(process, "/net/arp"), interface, Neighbours::Machines);
  taken.add(taken_by_routes(read(process, "/net/route"), interface, prefix_length));
  taken.add(taken_by_host(read(process, "/net/fib_trie")));
  taken.add(taken_by_resolvers(read(process, "/root/etc/resolv.conf")));
  return taken;
}

Taken instances_around(const std::string& process, std::string_view interface) {
  return taken_by_neighbours(read(process, "/net/arp"), interface, Neighbours::Instances);
}

void ask_for(const std::string& interface, const Address& address) {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Where it is no interface of this network, routes would take the question elsewhere.
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                                  static_cast<socklen_t>(interface.size())) != 0) {
    return;
  }
  constexpr in_port_t kDiscard = 9;
  const sockaddr_in to{.sin_family = AF_INET,
                       .sin_port = htons(kDiscard),
                       .sin_addr = {htonl(address.to_uint())},
                       .sin_zero = {}};
  ::sendto(fd.get(), "", 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace cordon::lxc
