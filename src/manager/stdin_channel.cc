#include "manager/stdin_channel.h"

#include <sys/socket.h>

#include <cerrno>

namespace cordon {

// A socket and not a pipe: writing to one whose reader is gone need not raise SIGPIPE.
Result<StdinChannel> StdinChannel::open() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return std::unexpected(system_error("make a channel for stdin"));
  }
  return StdinChannel(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<std::size_t> StdinChannel::write(std::string_view bytes) {
  if (!writer_.valid()) {
    return std::unexpected(Error{.code = ErrorCode::Conflict,
                                 .operation = "write to the command's stdin",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = "it was closed",
                                 .remedy = {}});
  }
  if (bytes.empty()) return 0;
  const ssize_t sent =
      ::send(writer_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return std::unexpected(system_error("write to the command's stdin"));
}

}  // namespace cordon
