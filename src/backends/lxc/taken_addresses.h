// Addresses on a bridge of the store's that are somebody's without a lease: a resolver's, a
// router's, one of the host's own, or of a machine on which somebody has set it by hand.
#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordon::lxc {

using Address = boost::asio::ip::address_v4;
using AddressRange = std::pair<Address, Address>;  // with both

struct Taken {
  std::set<Address> addresses;
  std::vector<AddressRange> ranges;

  bool holds(const Address& address) const;
  // How many at most.
  std::uint64_t count() const;
  void add(Taken other);
};

// "FIRST-LAST,FIRST-LAST" of a network's configuration; one that is not understood is nobody's,
// from 0.0.0.0 on.
std::vector<AddressRange> read_ranges(std::string_view text);

// What the network's configuration names in other places than those it gives addresses from.
Taken taken_by_configuration(const boost::json::object& network);

enum class Neighbours {
  Machines,
  Instances,  // of a store's: the kernel remembers them long after they are gone
};

// Files of /proc/PID/net, and resolv.conf: who has answered on the interface; routers, and networks
// that other interfaces lead to and that are smaller than the bridge's; the host's own; resolvers.
Taken taken_by_neighbours(std::string_view arp, std::string_view interface, Neighbours which);
Taken taken_by_routes(std::string_view route, std::string_view interface, unsigned prefix_length);
Taken taken_by_host(std::string_view fib_trie);
Taken taken_by_resolvers(std::string_view resolv_conf);

// All of those of the host on which `process`, "/proc/PID", runs, and of neighbours the machines;
// the instances. What cannot be read is nobody's.
Taken taken_around(const std::string& process, std::string_view interface, unsigned prefix_length);
Taken instances_around(const std::string& process, std::string_view interface);

// Who has the address is among the neighbours soon after, where this process is in the network of
// the interface; where it is not nothing leaves.
void ask_for(const std::string& interface, const Address& address);

}  // namespace cordon::lxc
