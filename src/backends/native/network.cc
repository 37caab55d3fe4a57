#include "native/network.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace cordon::native {

namespace {

// Packets of the interface, without which there is no connection and none that waits to end;
// counters of IP, ICMP, TCP and UDP; bound local sockets.
constexpr const char* kFileNames[] = {"/proc/thread-self/net/dev", "/proc/thread-self/net/snmp",
                                      "/proc/thread-self/net/unix"};

bool bring_loopback_up() {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return fd.valid() && ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

std::string read_whole(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

}  // namespace

Network Network::make() {
  const UniqueFd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home.valid() || unshare(CLONE_NEWNET) != 0) return {};
  Network network = look_around();
  // A thread left behind in a namespace without network would be worse than no process.
  if (setns(home.get(), CLONE_NEWNET) != 0) std::abort();
  return network;
}

// The namespace that the calling thread is in.
Network Network::look_around() {
  Network network;
  if (!bring_loopback_up()) return network;
  for (std::size_t i = 0; i < kFiles; ++i) {
    network.files_[i] = UniqueFd(open(kFileNames[i], O_RDONLY | O_CLOEXEC));
    if (!network.files_[i].valid()) return {};
  }
  network.initial_ = network.read_state();
  network.fd_ = UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  return network;
}

std::array<std::string, Network::kFiles> Network::read_state() const {
  std::array<std::string, kFiles> state;
  for (std::size_t i = 0; i < kFiles; ++i) state[i] = read_whole(files_[i].get());
  return state;
}

bool Network::untouched() const {
  const auto now = read_state();
  if (now != initial_) return false;
  for (const std::string& text : now) {
    if (text.empty()) return false;
  }
  return true;
}

}  // namespace cordon::native
