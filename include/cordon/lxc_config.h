// Which system containers of this host the lxc backend uses: the host's affair, and no policy's.
#pragma once

#include <string>

namespace cordon {

// What is empty is taken from the variable named beside it, and where that is empty too, as said.
//
//   ManagerConfig config;
//   config.lxc = {.executable = "incus", .project = "sandboxes", .instance = "blue-sandbox"};
struct LxcConfig {
  // "lxc" for LXD or "incus", also with a path: whose store; or "lxc-attach" for a container of
  // classic LXC, by `instance`. CORDON_LXC_EXECUTABLE; else the store that answers.
  std::string executable = {};
  // Where it listens, absolute. CORDON_LXC_SOCKET; else where that command would ask: LXD_DIR,
  // INCUS_DIR, INCUS_SOCKET, the usual places.
  std::string socket = {};
  // Where lxc-attach finds its containers, absolute. CORDON_LXC_CONTAINERS; else where LXC has
  // them.
  std::string containers = {};
  // The store's project. CORDON_LXC_PROJECT; else its default one.
  std::string project = {};
  // One of the two, for requests without an image: an instance that runs already, or what an
  // instance is made from for each sandbox. CORDON_LXC_INSTANCE, CORDON_LXC_IMAGE, unless one of
  // the two is stated here; else such requests are refused.
  std::string instance = {};
  std::string image = {};
  // The store's managed bridge that instances made for a sandbox get an address of, where a policy
  // opens the network. CORDON_LXC_NETWORK; else the one of the store's default profile.
  std::string network = {};
};

}  // namespace cordon
