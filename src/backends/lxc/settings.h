// Which store and which instance: this host's affair, and no policy's.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"

namespace cordon::lxc {

struct Settings {
  // Where a store may listen, the likeliest first.
  std::vector<std::string> sockets;
  // An instance that runs already, and that others use, too; empty: one is made for each sandbox.
  std::string instance;

  bool operator==(const Settings&) const = default;
};

// CORDON_LXC_EXECUTABLE ("lxc", "incus", or a path of one of them) says which of the two stores;
// CORDON_LXC_INSTANCE names the instance. Where the store listens is found as that command finds
// it: LXD_DIR or INCUS_DIR, INCUS_SOCKET, else the usual places. Errors: InvalidArgument.
Result<Settings> settings_of_environment();

// As stores want them: letters, digits and '-', a letter first, at most 63.
bool is_instance_name(std::string_view name);

}  // namespace cordon::lxc
