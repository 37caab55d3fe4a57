#include "server/authenticate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cordon::server {

namespace {

// "name:port", "[::1]:port" or without a port; empty when it is neither.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? std::string_view() : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_loopback_name(std::string_view name) {
  constexpr std::array<std::string_view, 3> kNames = {"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::any_of(
      kNames, [&](std::string_view known) { return equal_ignoring_case(known, name); });
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::any_of(
      all, [&](const std::string& known) { return equal_ignoring_case(known, one); });
}

}  // namespace

void Authenticator::set_keys(std::vector<ApiKey> keys) {
  auto shared = std::make_shared<const std::vector<ApiKey>>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(shared);
}

std::optional<Denial> Authenticator::check_browser(const Request& request, const Peer& peer) const {
  const std::string_view origin = request.header("Origin");
  if (request.count("Origin") > 0 && !contains(rules_.origins, origin)) {
    return Denial{403, "requests from web pages are refused; see origins in docs/serve.md"};
  }
  const std::string_view site = request.header("Sec-Fetch-Site");
  if (origin.empty() && !site.empty() && site != "none" && site != "same-origin") {
    return Denial{403, "requests from web pages are refused; see origins in docs/serve.md"};
  }
  // No page reaches a Unix socket.
  if (peer.kind == PeerKind::UnixSocket) return std::nullopt;
  const std::string_view name = host_name(request.header("Host"));
  if (is_loopback_name(name) || contains(rules_.hosts, name)) return std::nullopt;
  return Denial{421, "this server has another name; see hosts in docs/serve.md"};
}

std::optional<Identity> Authenticator::identify(const Request& request, const Peer& peer,
                                                Denial& denial) const {
  if (peer.kind == PeerKind::UnixSocket) return identify_peer(peer, denial);
  if (request.count("Authorization") == 1) {
    return identify_key(request.header("Authorization"), denial);
  }
  denial = {401, "a key is wanted: Authorization: Bearer KEY; cordon keys add NAME makes one"};
  return std::nullopt;
}

std::optional<Identity> Authenticator::identify_peer(const Peer& peer, Denial& denial) const {
  Identity identity;
  identity.caller.name = fmt::format("uid:{}", peer.uid);
  if (peer.uid == 0 || peer.uid == rules_.own_uid) {
    identity.caller.role = CallerRole::Administrator;
    return identity;
  }
  const auto in_group = [&](gid_t group) {
    return group == peer.gid || std::ranges::find(peer.groups, group) != peer.groups.end();
  };
  if (std::ranges::find(rules_.users, peer.uid) != rules_.users.end() ||
      std::ranges::any_of(rules_.groups, in_group)) {
    return identity;
  }
  denial = {403, fmt::format("uid {} may not use this socket; see docs/serve.md", peer.uid)};
  return std::nullopt;
}

std::optional<Identity> Authenticator::identify_key(std::string_view authorization,
                                                    Denial& denial) const {
  constexpr std::string_view kScheme = "Bearer ";
  denial = {401, "this key is not known here, or was revoked"};
  if (authorization.size() <= kScheme.size() ||
      !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const KeyHash hash = hash_of_key(authorization.substr(kScheme.size()));
  std::shared_ptr<const std::vector<ApiKey>> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  const ApiKey* found = nullptr;
  for (const ApiKey& key : *keys) {
    if (equal(key.hash, hash)) found = &key;
  }
  if (!found) return std::nullopt;
  Identity identity;
  // No key can be called like a uid of the Unix socket: their executions stay apart.
  identity.caller.name = "key:" + found->name;
  identity.caller.max_running = found->max_running;
  identity.caller.max_queued = found->max_queued;
  identity.widest_policy = found->policy;
  identity.max_artifact_bytes = found->max_artifact_bytes;
  identity.environments = found->environments;
  return identity;
}

}  // namespace cordon::server
