#include "engine/endpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/try.h"

namespace cordon::engine {

namespace {

constexpr std::string_view kDefault = "unix:///var/run/docker.sock";
constexpr std::string_view kTlsPort = "2376";

std::unexpected<Error> refuse(std::string_view text, std::string detail) {
  return std::unexpected(
      invalid_argument("talk to the engine at", fmt::format("\"{}\"", text), std::move(detail)));
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Endpoint> parse_tcp(std::string_view whole, std::string_view address,
                           std::string_view port) {
  while (address.ends_with('/')) address.remove_suffix(1);
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
  return Endpoint{Endpoint::Kind::Tcp, {}, std::string(address), std::string(port), {}};
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string certificate_directory() {
  for (const char* const name : {"DOCKER_CERT_PATH", "DOCKER_CONFIG"}) {
    if (std::string place = variable(name); !place.empty()) return place;
  }
  return variable("HOME") + "/.docker";
}

TlsFiles files_in(const std::string& directory) {
  TlsFiles files{.authority = directory + "/ca.pem", .certificate = {}, .key = {}};
  // An engine may ask for none of ours; one that does says so.
  if (::access((directory + "/cert.pem").c_str(), F_OK) == 0) {
    files.certificate = directory + "/cert.pem";
    files.key = directory + "/key.pem";
  }
  return files;
}

}  // namespace

std::string Endpoint::text() const {
  if (kind == Kind::Unix) return "unix://" + path;
  return host.contains(':') ? fmt::format("tcp://[{}]:{}", host, port)
                            : fmt::format("tcp://{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::string_view default_port) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (text.contains('\0')) return refuse("DOCKER_HOST", "it contains a NUL byte");
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/')) return refuse(text, "the socket's path must be absolute");
    return Endpoint{Endpoint::Kind::Unix, std::string(path), {}, {}, {}};
  }
  if (text.starts_with(kTcp)) return parse_tcp(text, text.substr(kTcp.size()), default_port);
  return refuse(text, "DOCKER_HOST is unix:///PATH or tcp://HOST:PORT");
}

Result<Endpoint> endpoint_of_environment() {
  const std::string host = variable("DOCKER_HOST");
  const bool verified = !variable("DOCKER_TLS_VERIFY").empty();
  Endpoint endpoint = TRY(parse_endpoint(host.empty() ? kDefault : std::string_view(host),
                                         verified ? kTlsPort : kPlainPort));
  if (endpoint.kind == Endpoint::Kind::Unix) return endpoint;
  if (verified) {
    endpoint.tls = files_in(certificate_directory());
  } else if (!variable("DOCKER_TLS").empty()) {
    return refuse(endpoint.text(),
                  "DOCKER_TLS asks for TLS that verifies nothing: set DOCKER_TLS_VERIFY=1");
  }
  return endpoint;
}

}  // namespace cordon::engine
