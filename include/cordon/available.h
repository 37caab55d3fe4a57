// What this host has, asked quickly: for a program that chooses its own way.
#pragma once

#include <string>

namespace cordon {

// `reason` is never empty: what was found, or what is missing and, where it is known, the command
// that unlocks it.
struct Availability {
  bool available = false;
  std::string reason;

  explicit operator bool() const { return available; }
};

// All of them are thread-safe, change nothing, and never fail: what cannot be found out is not
// available, and the reason says so.
//
//   if (const auto docker = cordon::docker_available(); !docker) {
//     std::cerr << "no Docker: " << docker.reason << '\n';
//   }

// Whether this build of Cordon can run a command here at the level default, with every wall: what
// select_backend(IsolationLevel::Default) says. A few milliseconds.
Availability available();

// Whether the kernel has Landlock, of whatever ABI; the reason names it and what it does not cover.
// Microseconds.
Availability landlock_available();

// Whether gVisor's runsc is installed, in a system directory: the caller's PATH is not searched.
// Nothing is run. Microseconds.
Availability gvisor_available();

// Whether a Docker daemon answers on one of its usual sockets (/run/docker.sock, the user's own).
// At most 1.5 seconds, when a daemon hangs; usually a millisecond. An answer counts for two
// seconds.
Availability docker_available();

}  // namespace cordon
