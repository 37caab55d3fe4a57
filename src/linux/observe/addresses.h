// Socket addresses as the calls of a guest name them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cordon::observe {

struct Address {
  // "192.0.2.1:443", "[2001:db8::1]:53"; "@name" of an abstract socket; empty with a path.
  std::string text;
  std::string path;  // of a socket in the file system, as it was written
  bool internet = false;
};

// At most 128 bytes are read. Absent for other families, and for what cannot be read.
std::optional<Address> read_address(pid_t thread, std::uint64_t address, std::uint64_t size);

// "tcp", "udp", "unix", or "ip" where it cannot be told.
std::string kind_of_socket(pid_t process, int fd);

}  // namespace cordon::observe
