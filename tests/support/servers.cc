#include "support/servers.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace cordon::test {
namespace {

unsigned short bind_loopback(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) < 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) < 0) {
    throw std::runtime_error("loopback server");
  }
  return ntohs(address.sin_port);
}

}  // namespace

TcpServer::TcpServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  port_ = bind_loopback(socket_.get());
  if (listen(socket_.get(), 64) < 0) throw std::runtime_error("listen");
}

UdpServer::UdpServer() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  port_ = bind_loopback(socket_.get());
}

bool UdpServer::was_reached() const {
  // Loopback delivers before sendto returns: whoever has not arrived was never sent.
  char bytes[64];
  return recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT) > 0;
}

UnixServer::UnixServer(const std::string& name)
    : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("socket name too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = 0;
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) < 0 ||
      listen(socket_.get(), 64) < 0) {
    throw std::runtime_error("unix server " + name);
  }
  if (name.front() != '@') chmod(name.c_str(), 0777);
}

SharedSegment::SharedSegment() : id_(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666)) {
  if (id_ < 0) throw std::runtime_error("shmget");
}

SharedSegment::~SharedSegment() { shmctl(id_, IPC_RMID, nullptr); }

MessageQueue::MessageQueue() : name_("/cordon-test-" + std::to_string(getpid())) {
  const mqd_t queue = mq_open(name_.c_str(), O_CREAT | O_EXCL | O_RDWR, 0666, nullptr);
  valid_ = queue >= 0;
  if (valid_) {
    fchmod(queue, 0666);
    mq_close(queue);
  }
}

MessageQueue::~MessageQueue() {
  if (valid_) mq_unlink(name_.c_str());
}

}  // namespace cordon::test
