// Sockets that listen.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::serve {

struct TcpAddress {
  std::string address;  // numeric, without brackets
  std::uint16_t port = 0;
  bool loopback = false;
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "0.0.0.0:80". Names are not looked up: what
// they mean is somebody else's to say. Errors: InvalidArgument.
Result<TcpAddress> parse_address(std::string_view text);

// With SO_REUSEADDR. Errors: the address is taken or not this machine's.
Result<UniqueFd> listen_tcp(const TcpAddress& address);

// Mode 0600, or 0660 for `group`. A socket that a daemon left behind is replaced; one that somebody
// answers at is not. Errors: Conflict; the path is taken by something else; it is too long.
Result<UniqueFd> listen_unix(const std::string& path, std::optional<gid_t> group);

// Sockets that systemd opened for this process (LISTEN_FDS); empty: none. Each listens.
Result<std::vector<UniqueFd>> inherited_listeners();

}  // namespace cordon::serve
