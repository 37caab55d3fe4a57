// Who asks, and whether a browser was talked into asking.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/execution_record.h"
#include "server/api_key.h"
#include "server/http_message.h"

namespace cordon::server {

struct AccessRules {
  uid_t own_uid = 0;  // this daemon's; like root, an administrator on the Unix socket
  // Others who may use the Unix socket, each for itself. The socket's mode keeps the rest out.
  std::vector<uid_t> users;
  std::vector<gid_t> groups;
  // Names under which the TCP listener is called, besides loopback's. Without a port.
  std::vector<std::string> hosts;
  std::vector<std::string> origins;  // pages that may use the API: "https://console.example"
};

struct Identity {
  Caller caller;
  std::string widest_policy;  // see ApiKey
  std::optional<std::uint64_t> max_artifact_bytes;
  EnvironmentGrant environments = EnvironmentGrant::None;  // administrators need none
};

// Why a request is refused; `status` 401, 403 or 421.
struct Denial {
  int status = 403;
  std::string message;
};

// Thread-safe.
class Authenticator {
 public:
  explicit Authenticator(AccessRules rules) : rules_(std::move(rules)) {}

  // The keys that hold from now on.
  void set_keys(std::vector<ApiKey> keys);

  // Against pages in a browser on this machine: a page of a stranger's says who it is in Origin,
  // and one whose name was made to mean this machine says that name in Host.
  std::optional<Denial> check_browser(const Request& request, const Peer& peer) const;
  // Nobody: the denial says what would help.
  std::optional<Identity> identify(const Request& request, const Peer& peer, Denial& denial) const;

 private:
  std::optional<Identity> identify_peer(const Peer& peer, Denial& denial) const;
  std::optional<Identity> identify_key(std::string_view authorization, Denial& denial) const;

  AccessRules rules_;
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<ApiKey>> keys_ = std::make_shared<std::vector<ApiKey>>();
};

}  // namespace cordon::server
