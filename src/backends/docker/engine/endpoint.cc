#include "engine/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/try.h"

namespace cordon::engine {

namespace {

constexpr std::string_view kDefault = "unix:///var/run/docker.sock";
constexpr std::string_view kPlainPort = "2375";

std::unexpected<Error> refuse(std::string_view text, std::string detail) {
  return std::unexpected(
      invalid_argument("talk to the engine at", fmt::format("\"{}\"", text), std::move(detail)));
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Endpoint> parse_tcp(std::string_view whole, std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  std::string_view port = kPlainPort;
  const auto colon = address.rfind(':');
  // "[::1]" has colons of its own.
  if (colon != std::string_view::npos && !address.substr(colon).contains(']')) {
    port = address.substr(colon + 1);
    address = address.substr(0, colon);
  }
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (address.empty() || address.contains('/') || !is_port(port)) {
    return refuse(whole, "write tcp://HOST:PORT");
  }
  return Endpoint{Endpoint::Kind::Tcp, {}, std::string(address), std::string(port)};
}

}  // namespace

std::string Endpoint::text() const {
  if (kind == Kind::Unix) return "unix://" + path;
  return host.contains(':') ? fmt::format("tcp://[{}]:{}", host, port)
                            : fmt::format("tcp://{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (text.contains('\0')) return refuse("DOCKER_HOST", "it contains a NUL byte");
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/')) return refuse(text, "the socket's path must be absolute");
    return Endpoint{Endpoint::Kind::Unix, std::string(path), {}, {}};
  }
  if (text.starts_with(kTcp)) return parse_tcp(text, text.substr(kTcp.size()));
  return refuse(text, "DOCKER_HOST is unix:///PATH or tcp://HOST:PORT");
}

Result<Endpoint> endpoint_of_environment() {
  const char* host = std::getenv("DOCKER_HOST");
  Endpoint endpoint =
      TRY(parse_endpoint(host != nullptr && *host != '\0' ? std::string_view(host) : kDefault));
  const char* tls = std::getenv("DOCKER_TLS_VERIFY");
  if (endpoint.kind == Endpoint::Kind::Tcp && tls != nullptr && *tls != '\0') {
    return refuse(endpoint.text(),
                  "DOCKER_TLS_VERIFY is set, and this client has no TLS: use the engine's socket");
  }
  return endpoint;
}

}  // namespace cordon::engine
