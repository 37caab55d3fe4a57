#include "native/judge_network.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "linux/proc_file.h"

namespace cordon::native {

namespace {

struct Target {
  std::string_view kind;  // "tcp", "udp", "ip", "unix"
  std::string_view host;
  std::string_view name;  // of an abstract socket, with its '@'
  unsigned port = 0;

  bool loopback() const { return host.starts_with("127.") || host == "[::1]"; }
};

Target split(std::string_view text) {
  Target target;
  const auto space = text.find(' ');
  target.kind = text.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : text.substr(space + 1);
  if (rest.starts_with('@')) {
    target.name = rest;
    return target;
  }
  const auto colon = rest.rfind(':');
  target.host = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), target.port);
  }
  return target;
}

// "   0: 0100007F:1F90 00000000:0000 0A": local address, and of TCP the state LISTEN.
bool lists_port(const char* file, unsigned port, std::string_view state) {
  const auto text = linux_os::read_proc_file(file);
  if (!text) return false;
  const std::string wanted = fmt::format(":{:04X} ", port);
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto first = line.find(": ");
    const auto local_end = first == std::string_view::npos ? first : line.find(' ', first + 2);
    if (local_end == std::string_view::npos) continue;
    const std::string_view local = line.substr(first + 2, local_end + 1 - first - 2);
    const auto remote_end = line.find(' ', local_end + 1);
    if (local.ends_with(wanted) && (state.empty() || line.substr(remote_end + 1, 2) == state)) {
      return true;
    }
  }
  return false;
}

bool host_serves(const Target& target) {
  if (target.kind == "udp") {
    return lists_port("/proc/net/udp", target.port, "") ||
           lists_port("/proc/net/udp6", target.port, "");
  }
  return lists_port("/proc/net/tcp", target.port, "0A") ||
         lists_port("/proc/net/tcp6", target.port, "0A");
}

bool host_has_abstract(std::string_view name) {
  const auto text = linux_os::read_proc_file("/proc/net/unix");
  return text && text->find(fmt::format(" {}\n", name)) != std::string::npos;
}

Refusal closed(std::string reason) {
  return {.what = {},
          .rule = "the network is closed",
          .origin = "",
          .reason = std::move(reason),
          .remedy = {.kind = RemedyKind::OpenNetwork,
                     .access = Access::Read,
                     .path = "",
                     .warning = "it opens the whole network as you have it, unfiltered"}};
}

}  // namespace

std::optional<Refusal> judge_address(const Observed& attempt, NetworkMode mode) {
  const Target target = split(attempt.target);
  if (!target.name.empty()) {
    const bool refused =
        attempt.error == EPERM || (attempt.error == ECONNREFUSED && mode == NetworkMode::None);
    if (!refused || !host_has_abstract(target.name)) return std::nullopt;
    return Refusal{.what = {},
                   .rule = "abstract sockets of the host cannot be reached",
                   .origin = "the default policy",
                   .reason = "whoever listens there has the caller's rights",
                   .remedy = {}};
  }
  if (mode == NetworkMode::Open) return std::nullopt;
  // The command reaches its own loopback, where nobody answers a question about a name.
  if (target.port == 53 && attempt.attempt != Attempt::Bind && target.loopback() &&
      (attempt.error == 0 || attempt.error == ECONNREFUSED)) {
    return closed("names cannot be looked up");
  }
  switch (attempt.error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return closed("it has a loopback interface of its own, and no other");
    case EACCES:
    case EPERM:
      return closed("");
    case ECONNREFUSED:
      if (target.loopback() && host_serves(target)) {
        return closed("its loopback is its own; on the host's something answers at this port");
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace cordon::native
