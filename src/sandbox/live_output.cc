#include "sandbox/live_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cordon {

namespace {

// O_NONBLOCK belongs to the open file description, which is shared with every program that
// inherited it. A description of our own has its own flag. Fails where /proc is missing or the file
// is another user's.
UniqueFd open_again(int fd) {
  const auto path = fmt::format("/proc/self/fd/{}", fd);
  return UniqueFd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

// Opening the master side of a terminal again would make a new terminal.
bool is_terminal_master(int fd) {
  unsigned number = 0;
  return ::ioctl(fd, TIOCGPTN, &number) == 0;
}

Transfer outcome(ssize_t moved, int error_number) {
  if (moved > 0) return {.state = Transfer::State::Moved, .bytes = static_cast<std::size_t>(moved)};
  if (moved == 0) return {.state = Transfer::State::Ended};
  if (error_number == EAGAIN || error_number == EINTR)
    return {.state = Transfer::State::WouldBlock};
  return {.state = Transfer::State::Failed, .bytes = 0, .error_number = error_number};
}

}  // namespace

LiveOutput::LiveOutput(int fd) : fd_(fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return;  // the first write tells
  if (S_ISSOCK(status.st_mode)) {
    // Before Linux 6.5 splice to a blocking socket blocks, whatever its flags say.
    kind_ = Kind::Socket;
  } else if (S_ISFIFO(status.st_mode)) {
    kind_ = Kind::Pipe;
    splice_ = true;
  } else if (S_ISCHR(status.st_mode) && ::isatty(fd) == 1) {
    kind_ = Kind::Terminal;
    if (!is_terminal_master(fd)) own_ = open_again(fd);
  } else {
    splice_ = true;
  }
}

Transfer LiveOutput::write(std::string_view bytes) {
  ssize_t written = -1;
  switch (kind_) {
    case Kind::Socket:
      written = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      break;
    case Kind::Pipe:
      // Only here: spliced bytes need no description of their own.
      if (!own_.valid() && !tried_own_) own_ = open_again(fd_);
      tried_own_ = true;
      [[fallthrough]];
    case Kind::Terminal:
      // POLLOUT promises room for PIPE_BUF bytes and no more.
      if (!own_.valid()) bytes = bytes.substr(0, PIPE_BUF);
      written = ::write(fd(), bytes.data(), bytes.size());
      break;
    case Kind::Other:
      written = ::write(fd_, bytes.data(), bytes.size());
      break;
  }
  const int error_number = errno;
  if (written == 0) return {.state = Transfer::State::WouldBlock};
  return outcome(written, error_number);
}

Transfer LiveOutput::splice_from(int pipe, std::size_t most) {
  const ssize_t moved =
      ::splice(pipe, nullptr, fd_, nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  const int error_number = errno;
  // EINVAL: a file opened with O_APPEND, a device or file system that cannot take pages.
  if (moved < 0 && (error_number == EINVAL || error_number == ENOSYS)) {
    splice_ = false;
    return {.state = Transfer::State::Unsupported};
  }
  return outcome(moved, error_number);
}

}  // namespace cordon
