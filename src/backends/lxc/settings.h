// Which store and which instance: this host's affair, and no policy's.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/lxc_config.h"

namespace cordon::lxc {

struct Settings {
  // Where a store may listen, the likeliest first.
  std::vector<std::string> sockets;
  std::string project;  // empty: the store's default
  // Classic LXC instead of a store: lxc-attach, maybe with its path; and where its containers are.
  std::string attach;
  std::string containers;
  // An instance that runs already, and that others use, too; empty: one is made for each sandbox.
  std::string instance;
  // Of the store's, for instances that are made; empty: the default profile's.
  std::string network;
  std::string image;  // of what one is made where none is named; empty: of nothing

  bool operator==(const Settings&) const = default;
};

// From what is stated, and for the rest from the environment. Errors: InvalidArgument.
Result<Settings> settings_of(const LxcConfig& stated);

// Whether what is stated could be true, without a look at the environment or the host. Errors:
// InvalidArgument.
Result<void> check(const LxcConfig& stated);

// As stores want them: letters, digits and '-', a letter first, at most 63.
bool is_instance_name(std::string_view name);

// What a store could know an image by: an alias, a fingerprint, an instance's name.
bool is_image_name(std::string_view name);

}  // namespace cordon::lxc
