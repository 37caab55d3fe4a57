#include "serve/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "core/try.h"

namespace cordon::serve {

namespace {

constexpr int kBacklog = 511;
constexpr int kFirstInherited = 3;

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return std::unexpected(
        invalid_argument("listen on", path, "the path of a socket has at most 107 bytes"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

const sockaddr* generic(const auto& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Removes what nobody answers at any more.
Result<void> clear_place(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(
        invalid_argument("listen on", path, "something that is no socket is there"));
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), generic(address), sizeof address) < 0 && errno == ECONNREFUSED) {
    if (::unlink(path.c_str()) == 0) return {};
    return std::unexpected(system_error("remove the old socket", path));
  }
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = "listen on",
                               .subject = path,
                               .sys_errno = 0,
                               .detail = "another process listens there",
                               .remedy = "end it, or give another with --socket"});
}

}  // namespace

Result<TcpAddress> parse_address(std::string_view text) {
  const auto refuse = [&] {
    return std::unexpected(invalid_argument(
        "--listen", std::string(text.substr(0, 100)),
        "a numeric address and a port are wanted, such as 127.0.0.1:8080 or [::1]:8080"));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  TcpAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return refuse();
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  address.address = host;
  in_addr four{};
  in6_addr six{};
  if (bracketed) {
    if (::inet_pton(AF_INET6, address.address.c_str(), &six) != 1) return refuse();
    address.loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else {
    if (::inet_pton(AF_INET, address.address.c_str(), &four) != 1) return refuse();
    address.loopback = (ntohl(four.s_addr) >> 24) == 127;
  }
  return address;
}

Result<UniqueFd> listen_tcp(const TcpAddress& address) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET, address.address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(address.port);
    size = sizeof four;
  } else if (::inet_pton(AF_INET6, address.address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(address.port);
    size = sizeof six;
  }
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      ::bind(fd.get(), generic(storage), size) < 0 || ::listen(fd.get(), kBacklog) < 0) {
    return std::unexpected(
        system_error("listen on", address.address + ":" + std::to_string(address.port)));
  }
  return fd;
}

Result<UniqueFd> listen_unix(const std::string& path, std::optional<gid_t> group) {
  const sockaddr_un address = TRY(unix_address(path));
  TRY(clear_place(path, address));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return std::unexpected(system_error("make a socket"));
  // Before it listens nobody can connect: there is no moment with a wider mode.
  if (::bind(fd.get(), generic(address), sizeof address) < 0) {
    return std::unexpected(system_error("listen on", path));
  }
  const bool owned = !group || ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) == 0;
  if (!owned || ::chmod(path.c_str(), group ? 0660 : 0600) < 0 ||
      ::listen(fd.get(), kBacklog) < 0) {
    Error error = system_error("listen on", path);
    ::unlink(path.c_str());
    return std::unexpected(std::move(error));
  }
  return fd;
}

Result<std::vector<UniqueFd>> inherited_listeners() {
  std::vector<UniqueFd> listeners;
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (!pid || !count || std::strtol(pid, nullptr, 10) != ::getpid()) return listeners;
  const long number = std::strtol(count, nullptr, 10);
  for (int i = 0; i < number && i < 16; ++i) {
    const int fd = kFirstInherited + i;
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || listening == 0) {
      return std::unexpected(invalid_argument("take over a socket of systemd's", std::to_string(fd),
                                              "it does not listen"));
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    listeners.emplace_back(fd);
  }
  return listeners;
}

}  // namespace cordon::serve
