#include "sandbox/bridged_streams.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/try.h"

namespace cordon {

namespace {

Result<void> make_pipe(UniqueFd& read, UniqueFd& write) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    return std::unexpected(system_error("make a pipe"));
  }
  read.reset(fds[0]);
  write.reset(fds[1]);
  return {};
}

}  // namespace

Result<BridgedStreams> make_bridged_streams(const ProcessSpec& spec) {
  BridgedStreams streams;
  if (spec.terminal) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
      return std::unexpected(system_error("make a pair of sockets"));
    }
    streams.ours.out.reset(fds[0]);
    streams.bridge.out.reset(fds[1]);
    streams.bridge.in.reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, 0));
    if (!streams.bridge.in.valid()) return std::unexpected(system_error("copy a socket"));
    return streams;
  }
  if (spec.stdin_source == StdinSource::Pipe) {
    TRY(make_pipe(streams.bridge.in, streams.ours.in));
  }
  TRY(make_pipe(streams.ours.out, streams.bridge.out));
  TRY(make_pipe(streams.ours.err, streams.bridge.err));
  return streams;
}

}  // namespace cordon
