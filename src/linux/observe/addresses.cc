#include "observe/addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/unique_fd.h"
#include "observe/guest_memory.h"

namespace cordon::observe {

namespace {

Address internet_address(int family, const void* address, in_port_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, address, text, sizeof text);
  const char* form = family == AF_INET6 ? "[{}]:{}" : "{}:{}";
  return {.text = fmt::format(fmt::runtime(form), text, ntohs(port)), .path = {}, .internet = true};
}

Address unix_address(const sockaddr_un& address, std::size_t size) {
  const std::size_t length =
      std::min(size - offsetof(sockaddr_un, sun_path), sizeof address.sun_path);
  const std::string_view bytes(address.sun_path, length);
  if (bytes.starts_with('\0')) {
    return {.text = "@" + std::string(bytes.substr(1)), .path = {}, .internet = false};
  }
  return {.text = {}, .path = std::string(bytes.substr(0, bytes.find('\0'))), .internet = false};
}

}  // namespace

std::optional<Address> read_address(pid_t thread, std::uint64_t address, std::uint64_t size) {
  sockaddr_storage storage{};
  const std::size_t wanted = std::min<std::uint64_t>(size, sizeof storage);
  if (address == 0 || wanted < sizeof(sa_family_t) ||
      read_bytes(thread, address, &storage, wanted) != wanted) {
    return std::nullopt;
  }
  if (storage.ss_family == AF_INET && wanted >= sizeof(sockaddr_in)) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(storage);
    return internet_address(AF_INET, &ip.sin_addr, ip.sin_port);
  }
  if (storage.ss_family == AF_INET6 && wanted >= offsetof(sockaddr_in6, sin6_scope_id)) {
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(storage);
    if (IN6_IS_ADDR_V4MAPPED(&ip.sin6_addr)) {
      return internet_address(AF_INET, &ip.sin6_addr.s6_addr[12], ip.sin6_port);
    }
    return internet_address(AF_INET6, &ip.sin6_addr, ip.sin6_port);
  }
  if (storage.ss_family == AF_UNIX && wanted > offsetof(sockaddr_un, sun_path)) {
    return unix_address(reinterpret_cast<const sockaddr_un&>(storage), wanted);
  }
  return std::nullopt;
}

std::string kind_of_socket(pid_t process, int fd) {
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  const UniqueFd copy(static_cast<int>(::syscall(SYS_pidfd_getfd, handle.get(), fd, 0)));
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof domain;
  if (!copy.valid() || ::getsockopt(copy.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
      ::getsockopt(copy.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return "ip";
  }
  if (domain == AF_UNIX) return "unix";
  return type == SOCK_STREAM ? "tcp" : type == SOCK_DGRAM ? "udp" : "ip";
}

}  // namespace cordon::observe
