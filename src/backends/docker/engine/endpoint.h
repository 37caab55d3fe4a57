// Where an engine listens.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

struct Endpoint {
  enum class Kind { Unix, Tcp };
  Kind kind = Kind::Unix;
  std::string path;  // Unix
  std::string host;  // Tcp: a name or an address, without brackets
  std::string port;

  std::string text() const;  // as DOCKER_HOST writes it
  bool operator==(const Endpoint&) const = default;
};

// "unix:///run/docker.sock", "tcp://127.0.0.1:2375". Errors: InvalidArgument, with what is allowed.
Result<Endpoint> parse_endpoint(std::string_view text);

// As the docker command finds it: DOCKER_HOST; else Docker's own socket. Errors: as above; a
// DOCKER_TLS_VERIFY that is set, for there is no TLS here.
Result<Endpoint> endpoint_of_environment();

}  // namespace cordon::engine
