#include "doctor/docker_ping.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "core/unique_fd.h"

namespace cordon::doctor {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kRequest =
    "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
constexpr std::size_t kMostHeaderBytes = 8192;

DockerPing failed(int error) {
  return {DockerPing::Outcome::Failed, std::generic_category().message(error)};
}

// Whether the socket got ready before the deadline.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// The digits and dots, for the bytes are the daemon's, of what follows this in the head.
std::string number_after(std::string_view lower_head, std::string_view what) {
  std::size_t at = lower_head.find(what);
  if (at == std::string_view::npos) return {};
  at = lower_head.find_first_not_of(' ', at + what.size());
  if (at == std::string_view::npos) return {};
  const std::size_t end = lower_head.find_first_not_of("0123456789.", at);
  return std::string(lower_head.substr(at, std::min(end, lower_head.size()) - at));
}

// " (API 1.47)", " (Podman 4.3.1, API 1.41)" or nothing.
std::string answered_by(std::string_view head) {
  std::string lower(head);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string api = number_after(lower, "\r\napi-version:");
  const std::string podman = number_after(lower, "\r\nserver: libpod/");
  if (api.empty()) return {};
  return podman.empty() ? fmt::format(" (API {})", api)
                        : fmt::format(" (Podman {}, API {})", podman, api);
}

}  // namespace

DockerPing ping_docker(const std::string& socket_path, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  DockerPing late{DockerPing::Outcome::TimedOut,
                  fmt::format("did not answer in {} ms", limit.count())};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return failed(ENAMETOOLONG);
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size());

  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return failed(errno);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    // EAGAIN: the daemon's queue is full, so it is not answering anybody.
    if (errno == EAGAIN) return late;
    if (errno == EACCES || errno == EPERM) {
      return {DockerPing::Outcome::Denied, std::generic_category().message(errno)};
    }
    return failed(errno);
  }
  // A fresh socket's buffer takes a request this small whole.
  if (::send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return failed(errno);

  std::string head;
  std::array<char, 1024> buffer;
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < kMostHeaderBytes) {
    if (!wait_for(fd.get(), POLLIN, deadline)) return late;
    const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) return failed(errno);
    if (size == 0) break;
    head.append(buffer.data(), static_cast<std::size_t>(size));
  }
  const bool fine = head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200");
  if (!fine)
    return {DockerPing::Outcome::Failed, "what listens there does not answer as Docker does"};
  return {DockerPing::Outcome::Answered, answered_by(head)};
}

}  // namespace cordon::doctor
