#include "engine/connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/try.h"
#include "engine/answer.h"
#include "engine/tls.h"
#include "engine/wait.h"

namespace cordon::engine {

namespace {

constexpr std::size_t kReadSize = 64 << 10;

Error cannot_connect(const std::string& where, int error_number) {
  Error error = system_error("connect to the engine at", where, error_number);
  if (error_number == ENOENT || error_number == ECONNREFUSED) {
    error.code = ErrorCode::Unavailable;
    error.detail = "no engine listens there";
    error.remedy = "start Docker (`systemctl start docker`), or name the engine in DOCKER_HOST";
  } else if (error.code == ErrorCode::PermissionDenied) {
    error.remedy = "whoever may use this socket is root on this host: `usermod -aG docker USER`";
  }
  return error;
}

Result<UniqueFd> connect_to(int family, const sockaddr* address, socklen_t size, const Until& until,
                            const std::string& where) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return std::unexpected(system_error("make a socket"));
  if (::connect(fd.get(), address, size) == 0) return fd;
  // EAGAIN: the queue of a Unix socket is full: the engine takes no new connections.
  if (errno == EAGAIN) return std::unexpected(unavailable(where, "it takes no connections"));
  if (errno != EINPROGRESS) return std::unexpected(cannot_connect(where, errno));
  TRY(wait_for(fd.get(), POLLOUT, until, where));
  int outcome = 0;
  socklen_t length = sizeof outcome;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &outcome, &length) != 0 || outcome != 0) {
    return std::unexpected(cannot_connect(where, outcome));
  }
  return fd;
}

Result<UniqueFd> connect_unix(const Endpoint& endpoint, const Until& until) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.size() >= sizeof address.sun_path) {
    return std::unexpected(cannot_connect(endpoint.text(), ENAMETOOLONG));
  }
  std::memcpy(address.sun_path, endpoint.path.c_str(), endpoint.path.size());
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, until,
                    endpoint.text());
}

Result<UniqueFd> connect_tcp(const Endpoint& endpoint, const Until& until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int found = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &list);
  if (found != 0) return std::unexpected(unavailable(endpoint.text(), ::gai_strerror(found)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  Result<UniqueFd> connected = std::unexpected(unavailable(endpoint.text(), "it has no address"));
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    connected = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen, until, endpoint.text());
    if (connected) break;
  }
  return connected;
}

}  // namespace

Error unavailable(const std::string& where, std::string detail, int error_number) {
  return {.code = ErrorCode::Unavailable,
          .operation = "talk to the engine at",
          .subject = where,
          .sys_errno = error_number,
          .detail = std::move(detail),
          .remedy = {}};
}

Result<short> wait_for(int fd, short events, const Until& until, const std::string& where) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until.deadline - Clock::now());
    if (left.count() <= 0) {
      Error error = unavailable(where, "it does not answer in time");
      error.remedy = "it hangs, or has too much to do: restart it, or name another one";
      return std::unexpected(std::move(error));
    }
    std::array<pollfd, 2> entries = {pollfd{fd, events, 0}, pollfd{until.cancel_fd, POLLIN, 0}};
    const int ready = ::poll(entries.data(), entries.size(),
                             static_cast<int>(std::min<long>(left.count(), 1 << 30)));
    if (ready < 0 && errno != EINTR) return std::unexpected(system_error("wait for", where));
    if (ready > 0 && entries[1].revents != 0) {
      Error error = unavailable(where, "it was cancelled");
      error.code = ErrorCode::Conflict;
      return std::unexpected(std::move(error));
    }
    if (ready > 0) return entries[0].revents;
  }
}

Connection::Connection(UniqueFd fd, std::string where, std::shared_ptr<TlsFailure> tls_failure)
    : fd_(std::move(fd)), where_(std::move(where)), tls_failure_(std::move(tls_failure)) {}

Result<Connection> Connection::open(const Endpoint& endpoint, const Until& until) {
  UniqueFd fd = TRY(endpoint.kind == Endpoint::Kind::Unix ? connect_unix(endpoint, until)
                                                          : connect_tcp(endpoint, until));
  if (!endpoint.tls) return Connection(std::move(fd), endpoint.text(), nullptr);
  auto failure = std::make_shared<TlsFailure>();
  fd = TRY(speak_tls(std::move(fd), endpoint, until, failure));
  return Connection(std::move(fd), endpoint.text(), std::move(failure));
}

// Why nothing goes on, in the words of TLS where it has some.
Error Connection::broken(std::string detail, int error_number) const {
  const std::string said = tls_failure_ ? tls_failure_->words() : "";
  Error error = said.empty() ? unavailable(where_, std::move(detail), error_number)
                             : unavailable(where_, said);
  error.remedy = kEngineEnded;
  if (said.empty()) return error;
  error.code = ErrorCode::PermissionDenied;
  error.remedy =
      "cert.pem and key.pem in DOCKER_CERT_PATH must be signed for this engine's clients";
  return error;
}

Result<void> Connection::send(std::string_view bytes, const Until& until) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      TRY(wait_for(fd_.get(), POLLOUT, until, where_));
    } else if (errno != EINTR) {
      return std::unexpected(broken("it closed the connection", errno));
    }
  }
  return {};
}

Result<Connection::Heard> Connection::send_some(std::string_view& bytes, const Until& until) {
  const short ready = TRY(wait_for(fd_.get(), POLLIN | POLLOUT, until, where_));
  if ((ready & POLLIN) != 0) {
    const std::string_view heard = TRY(receive(until));
    return Heard{heard, heard.empty()};
  }
  const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size >= 0) {
    bytes.remove_prefix(static_cast<std::size_t>(size));
  } else if (errno != EAGAIN && errno != EINTR) {
    return std::unexpected(broken("it closed the connection", errno));
  }
  return Heard{};
}

Result<std::string_view> Connection::receive(const Until& until) {
  buffer_.resize(kReadSize);
  for (;;) {
    const ssize_t size = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
    if (size == 0 && tls_failure_ && !tls_failure_->words().empty()) {
      return std::unexpected(broken({}, 0));
    }
    if (size >= 0) return std::string_view(buffer_).substr(0, static_cast<std::size_t>(size));
    if (errno == EAGAIN) {
      TRY(wait_for(fd_.get(), POLLIN, until, where_));
    } else if (errno != EINTR) {
      return std::unexpected(broken("the connection broke", errno));
    }
  }
}

}  // namespace cordon::engine
