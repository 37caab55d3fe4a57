// What is mounted in a container, as the kernel tells it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace cordon::docker {

struct Mounted {
  std::string root;
  std::string options;  // of the mount, between commas
  std::string type;

  bool has(std::string_view option) const;
  bool is_null_device() const { return root == "/null"; }
};

// By place. What was mounted last covers what was there.
using MountTable = std::map<std::string, Mounted, std::less<>>;

// From the text of /proc/PID/mountinfo.
MountTable read_mounts(std::string_view mountinfo);

}  // namespace cordon::docker
