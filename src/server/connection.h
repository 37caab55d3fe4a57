// One accepted socket and its Session, on the I/O thread.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "server/http_server.h"
#include "server/service.h"
#include "server/session.h"

namespace cordon::server {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

// Time limits are looked at by one timer for all connections: a timer for each would be set twice a
// request.
class Connection : public SessionHost {
 public:
  virtual void start() = 0;
  // Called every few hundred milliseconds.
  virtual void check_time(std::chrono::steady_clock::time_point now) = 0;
  virtual void stop() = 0;
  // At once, whatever is under way.
  virtual void abort() = 0;
};

struct ConnectionSetup {
  Service& service;
  const ServerLimits& limits;
  Peer peer;
  std::function<void(Connection*)> on_closed;
};

std::shared_ptr<Connection> make_connection(StreamSocket socket, ConnectionSetup setup);
std::shared_ptr<Connection> make_tls_connection(StreamSocket socket, ConnectionSetup setup,
                                                std::shared_ptr<Tls> tls);

}  // namespace cordon::server
