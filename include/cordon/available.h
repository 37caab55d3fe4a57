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

// Whether this build of Cordon can run a command here at the level default, with every wall: what
// select_backend(IsolationLevel::Default) says. A few milliseconds.
//
//   if (const auto here = cordon::available(); !here) {
//     std::cerr << "commands cannot be sandboxed here: " << here.reason << '\n';
//     return 1;
//   }
Availability available();

// Whether the kernel has Landlock, of whatever ABI; the reason names it and what it does not cover.
// Microseconds.
//
//   const auto landlock = cordon::landlock_available();
//   std::cout << (landlock ? "Landlock: " : "no Landlock: ") << landlock.reason << '\n';
Availability landlock_available();

// Whether gVisor's runsc is installed, in a system directory: the caller's PATH is not searched.
// Nothing is run. Microseconds.
//
//   const char* runtime = cordon::gvisor_available() ? "runsc" : "runc";
Availability gvisor_available();

// Whether a Docker daemon answers on one of its usual sockets (/run/docker.sock, the user's own).
// At most 1.5 seconds, when a daemon hangs; usually a millisecond. An answer counts for two
// seconds.
//
//   if (const auto docker = cordon::docker_available(); !docker) {
//     std::cerr << "no Docker: " << docker.reason << '\n';
//   }
Availability docker_available();

}  // namespace cordon
