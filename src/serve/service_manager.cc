#include "serve/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/unique_fd.h"

namespace cordon::serve {

void notify_service_manager(std::string_view state) {
  const char* const place = std::getenv("NOTIFY_SOCKET");
  if (!place || (place[0] != '/' && place[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(place);
  if (size >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, place, size);
  // An abstract name begins with a zero byte.
  if (place[0] == '@') address.sun_path[0] = '\0';
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  [[maybe_unused]] const auto sent = ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                              reinterpret_cast<const sockaddr*>(&address), length);
}

std::chrono::milliseconds watchdog_period() {
  const char* const pid = std::getenv("WATCHDOG_PID");
  const char* const limit = std::getenv("WATCHDOG_USEC");
  if (!limit || (pid && std::strtol(pid, nullptr, 10) != ::getpid())) return {};
  return std::chrono::milliseconds(std::strtoll(limit, nullptr, 10) / 2000);
}

}  // namespace cordon::serve
