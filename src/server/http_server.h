// The I/O thread: listens, and moves bytes between sockets and sessions. It never blocks on a
// client nor on a service.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "server/request_parser.h"
#include "server/service.h"
#include "server/tls.h"

namespace cordon::server {

struct ServerLimits {
  ParserLimits parser;
  std::chrono::milliseconds head_time{10'000};   // from its first byte to its last; TLS handshakes
  std::chrono::milliseconds body_time{60'000};   // from its head to its end
  std::chrono::milliseconds idle_time{75'000};   // between requests
  std::chrono::milliseconds write_time{30'000};  // that a client takes nothing of an answer
  std::chrono::milliseconds heartbeat{15'000};   // how long a stream may be silent
  std::size_t most_connections = 1024;           // on Unix sockets, and again over TCP
};

class HttpServer {
 public:
  // `service` outlives the server.
  HttpServer(Service& service, const ServerLimits& limits);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // A socket that already listens; its kind is found out. `tls` may be null; it is for TCP only.
  // Before run().
  Result<void> add_listener(UniqueFd listener, std::shared_ptr<Tls> tls);
  // Calls back on the I/O thread, first after one period. Before run().
  void every(std::chrono::milliseconds period, std::function<void()> callback);
  // Until stop() has come to its end.
  void run();
  // Thread-safe. Takes no new connections and no new requests; what is under way is answered, and
  // cut off after `grace`.
  void stop(std::chrono::milliseconds grace);
  // Thread-safe.
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cordon::server
