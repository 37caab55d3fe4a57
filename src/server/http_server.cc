#include "server/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/connection.h"

namespace cordon::server {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

struct Listener {
  Listener(asio::io_context& context, std::shared_ptr<Tls> tls_of_it)
      : acceptor(context), retry(context), tls(std::move(tls_of_it)) {}
  Acceptor acceptor;
  asio::steady_timer retry;
  std::shared_ptr<Tls> tls;
};

struct Periodic {
  explicit Periodic(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::chrono::milliseconds period{};
  std::function<void()> callback;
};

Peer peer_of(int fd) {
  Peer peer;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) < 0) return peer;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_UNIX) {
    ucred who{};
    socklen_t length = sizeof who;
    peer.kind = PeerKind::UnixSocket;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0) {
      peer.uid = who.uid;
      peer.gid = who.gid;
      peer.pid = who.pid;
    }
    peer.groups.resize(64);
    auto bytes = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
    const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &bytes) == 0;
    peer.groups.resize(known ? bytes / sizeof(gid_t) : 0);
  } else if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in&>(address).sin_addr, text.data(),
                text.size());
    peer.address = text.data();
  } else if (address.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6&>(address).sin6_addr, text.data(),
                text.size());
    peer.address = text.data();
  }
  return peer;
}

}  // namespace

struct HttpServer::State {
  State(Service& service_of_it, const ServerLimits& limits_of_it)
      : service(service_of_it), limits(limits_of_it), cut_off(context) {}

  void accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](Code code, StreamSocket socket) {
      if (stopping || code == asio::error::operation_aborted) return;
      if (code) {
        // Out of descriptors: another connection must end first.
        listener.retry.expires_after(std::chrono::milliseconds(100));
        listener.retry.async_wait([this, &listener](Code aborted) {
          if (!aborted) accept(listener);
        });
        return;
      }
      welcome(std::move(socket), listener.tls);
      accept(listener);
    });
  }

  void welcome(StreamSocket socket, const std::shared_ptr<Tls>& tls) {
    const int fd = socket.native_handle();
    Peer peer = peer_of(fd);
    // Each kind for itself: strangers on the network lock nobody out on this machine.
    std::size_t& of_kind = peer.kind == PeerKind::UnixSocket ? unix_connections : tcp_connections;
    if (of_kind >= limits.most_connections) return;  // closes it
    ++of_kind;
    ConnectionSetup setup{service, limits, std::move(peer), [this, &of_kind](Connection* closed) {
                            --of_kind;
                            count.fetch_sub(1, std::memory_order_relaxed);
                            open.erase(closed);
                            if (stopping && open.empty()) context.stop();
                          }};
    const int on = 1;
    if (setup.peer.kind == PeerKind::Tcp) {
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    auto connection = tls ? make_tls_connection(std::move(socket), std::move(setup), tls)
                          : make_connection(std::move(socket), std::move(setup));
    open.emplace(connection.get(), connection);
    count.fetch_add(1, std::memory_order_relaxed);
    connection->start();
  }

  // Connections leave `open` while it is walked.
  std::vector<std::shared_ptr<Connection>> snapshot() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(open.size());
    for (const auto& [key, connection] : open) all.push_back(connection);
    return all;
  }

  void tick(Periodic& periodic) {
    periodic.timer.expires_after(periodic.period);
    periodic.timer.async_wait([this, &periodic](Code code) {
      if (code) return;
      periodic.callback();
      tick(periodic);
    });
  }

  void begin_stop(std::chrono::milliseconds grace) {
    if (!std::exchange(stopping, true)) {
      for (const auto& listener : listeners) {
        Code ignored;
        listener->acceptor.close(ignored);
      }
      for (const auto& connection : snapshot()) connection->stop();
    }
    if (open.empty()) return context.stop();
    cut_off.expires_after(grace);
    cut_off.async_wait([this](Code code) {
      if (code) return;
      for (const auto& connection : snapshot()) connection->abort();
    });
  }

  Service& service;
  ServerLimits limits;
  asio::io_context context{1};
  asio::steady_timer cut_off;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::unique_ptr<Periodic>> periodics;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> open;
  std::size_t unix_connections = 0;
  std::size_t tcp_connections = 0;
  std::atomic<std::size_t> count{0};
  bool stopping = false;
};

HttpServer::HttpServer(Service& service, const ServerLimits& limits)
    : state_(std::make_unique<State>(service, limits)) {
  const auto shortest = std::min(
      {limits.head_time, limits.body_time, limits.idle_time, limits.write_time, limits.heartbeat});
  every(std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(500)),
        [state = state_.get()] {
          const auto now = Clock::now();
          for (const auto& connection : state->snapshot()) connection->check_time(now);
        });
}

HttpServer::~HttpServer() {
  for (const auto& connection : state_->snapshot()) connection->abort();
}

Result<void> HttpServer::add_listener(UniqueFd listener, std::shared_ptr<Tls> tls) {
  int family = 0;
  socklen_t size = sizeof family;
  if (::getsockopt(listener.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) < 0) {
    return std::unexpected(system_error("look at the listening socket"));
  }
  auto added = std::make_unique<Listener>(state_->context, std::move(tls));
  Code code;
  added->acceptor.assign({family, 0}, listener.get(), code);
  if (code) {
    return std::unexpected(system_error("take over the listening socket", {}, code.value()));
  }
  listener.release();
  state_->listeners.push_back(std::move(added));
  return {};
}

void HttpServer::every(std::chrono::milliseconds period, std::function<void()> callback) {
  auto periodic = std::make_unique<Periodic>(state_->context);
  periodic->period = period;
  periodic->callback = std::move(callback);
  state_->periodics.push_back(std::move(periodic));
}

void HttpServer::run() {
  for (const auto& listener : state_->listeners) state_->accept(*listener);
  for (const auto& periodic : state_->periodics) state_->tick(*periodic);
  state_->context.run();
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  asio::post(state_->context, [state = state_.get(), grace] { state->begin_stop(grace); });
}

std::size_t HttpServer::connections() const {
  return state_->count.load(std::memory_order_relaxed);
}

}  // namespace cordon::server
