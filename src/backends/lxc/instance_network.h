// The network of an instance that is made for one sandbox, where the policy opens it: a device on a
// managed bridge of the store's, with an address there that nobody else has. The store's container
// runtime gives it to the device before anything of the instance's runs: no service of its image
// starts, and so nobody in it would ask for one.
#pragma once

#include <boost/asio/ip/network_v4.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "lxc/store.h"
#include "lxc/taken_addresses.h"

namespace cordon::lxc {

// As the instance knows the device, and the request for the instance, too.
inline constexpr std::string_view kInterface = "eth0";

struct Subnet {
  std::string network;                 // its name
  boost::asio::ip::network_v4 bridge;  // the bridge's own address, and how many there are
  Address gateway;                     // of everything else
  std::vector<AddressRange> ranges;    // that the store gives; none: all
  std::vector<Address> resolvers;
  Taken taken;  // by what its configuration says
};

// Of a network's configuration. Errors: Unsupported: an instance could be given no address there.
Result<Subnet> read_subnet(const ManagedNetwork& network);

// The network that is `stated`, else the one that the devices of the store's default profile name.
// Errors: Unsupported: neither names one; NotFound; those of read_subnet().
Result<Subnet> find_subnet(const Store& store, const std::string& stated,
                           const boost::json::object& default_devices);

// One that is the store's to give and not `taken`, the first from `hint` on. Errors: Unavailable:
// all are.
Result<Address> free_address(const Subnet& subnet, const Taken& taken, std::uint32_t hint);

// One that nobody is known to have now. Another may take it meanwhile, and who has set it by hand
// is only asked: is_only_ours() says so afterwards.
Result<Address> choose_address(const Store& store, const Subnet& subnet);

// Whether `instance`, which has not been started, alone has it. Two that took it at once both learn
// that they did not.
Result<bool> is_only_ours(const Store& store, const Subnet& subnet, const Address& address,
                          std::string_view instance);

// What the store is asked for, and what its container runtime (raw.lxc).
boost::json::object network_device(const Subnet& subnet, const Address& address);
std::string runtime_lines(const Subnet& subnet, const Address& address);

}  // namespace cordon::lxc
