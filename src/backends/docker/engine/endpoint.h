// Where an engine listens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

// PEM files. The engine's certificate is verified against `authority`, always.
struct TlsFiles {
  std::string authority;
  std::string certificate;  // ours; empty: none
  std::string key;

  bool operator==(const TlsFiles&) const = default;
};

struct Endpoint {
  enum class Kind { Unix, Tcp };
  Kind kind = Kind::Unix;
  std::string path;  // Unix
  std::string host;  // Tcp: a name or an address, without brackets
  std::string port;
  std::optional<TlsFiles> tls = {};  // Tcp

  std::string text() const;  // as DOCKER_HOST writes it
  bool operator==(const Endpoint&) const = default;
};

inline constexpr std::string_view kPlainPort = "2375";

// "unix:///run/docker.sock", "tcp://127.0.0.1:2375". Errors: InvalidArgument, with what is allowed.
Result<Endpoint> parse_endpoint(std::string_view text, std::string_view default_port = kPlainPort);

// As the docker command finds it: DOCKER_HOST; else Docker's own socket. With DOCKER_TLS_VERIFY a
// TCP engine is spoken to over TLS, with ca.pem, and cert.pem and key.pem where they are, of
// DOCKER_CERT_PATH, else of $DOCKER_CONFIG, else of ~/.docker. Errors: as above; DOCKER_TLS alone,
// which asks for TLS without verification.
Result<Endpoint> endpoint_of_environment();

}  // namespace cordon::engine
