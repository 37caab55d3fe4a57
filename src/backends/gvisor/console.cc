#include "gvisor/console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>

#include <cerrno>
#include <cstring>

#include "core/try.h"

namespace cordon::gvisor {

namespace {

constexpr std::string_view kReceive = "receive the sandbox's terminal";

Result<UniqueFd> receive_descriptor(int connection) {
  char name[4096];
  iovec data{name, sizeof name};
  int descriptor = -1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  const cmsghdr* header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof descriptor)) {
    return std::unexpected(system_error(std::string(kReceive), {}, EPROTO));
  }
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return UniqueFd(descriptor);
}

}  // namespace

Result<Console> Console::listen() {
  auto directory = TRY(native::PrivateDirectory::create());
  std::string path = directory.path() + "/console";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct stat status{};
  if (!socket.valid() || path.size() >= sizeof address.sun_path) {
    return std::unexpected(system_error("make a socket", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 1) != 0 || ::stat(path.c_str(), &status) != 0) {
    return std::unexpected(system_error("listen for the sandbox's terminal", path));
  }
  Console console(std::move(directory), std::move(path), std::move(socket));
  console.identity_ = {status.st_dev, status.st_ino};
  return console;
}

Result<UniqueFd> Console::accept(int ended, TerminalSize size,
                                 std::chrono::milliseconds patience) const {
  pollfd waiting[2] = {{socket_.get(), POLLIN, 0}, {ended, POLLIN, 0}};
  int ready = 0;
  do {
    ready = ::poll(waiting, 2, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  const UniqueFd connection(ready > 0 && waiting[0].revents != 0
                                ? ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)
                                : -1);
  if (!connection.valid()) {
    return std::unexpected(
        system_error(std::string(kReceive), {}, ready == 0 ? ETIMEDOUT : ECONNRESET));
  }
  UniqueFd terminal = TRY(receive_descriptor(connection.get()));
  const winsize window{size.rows, size.columns, 0, 0};
  const int flags = ::fcntl(terminal.get(), F_GETFL);
  if (flags < 0 || ::fcntl(terminal.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::ioctl(terminal.get(), TIOCSWINSZ, &window) != 0) {
    return std::unexpected(system_error(std::string(kReceive)));
  }
  return terminal;
}

}  // namespace cordon::gvisor
