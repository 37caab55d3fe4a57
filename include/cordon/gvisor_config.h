// How the gvisor backend uses this host: the host's affair, and no policy's.
#pragma once

#include <string>

namespace cordon {

//   ManagerConfig config;
//   config.gvisor = {.platform = "ptrace"};
struct GvisorConfig {
  // How gVisor gets hold of a command's system calls: "systrap", "kvm" or "ptrace", and nothing
  // runs where that one does not work. Empty: CORDON_GVISOR_PLATFORM; where that is empty too, the
  // first of the three that works here.
  std::string platform = {};
};

}  // namespace cordon
