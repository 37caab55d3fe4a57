// bind and connect: a Unix socket's address may be a path. The broker makes the call on a copy of
// the guest's descriptor, whatever the address is: a family that was looked at in the guest's
// memory can be another one a moment later.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "linux/guard/call.h"

namespace cordon::guard {

namespace {

constexpr unsigned kUnix = 1;  // AF_UNIX
constexpr std::size_t kFamilySize = sizeof(std::uint16_t);
constexpr std::size_t kPathSize = 108;  // of sockaddr_un

long open_path(int directory, const char* name, unsigned flags, std::uint64_t resolve) {
  const open_how how{O_PATH | O_CLOEXEC | flags, 0, resolve};
  return call(__NR_openat2, directory, name, &how, sizeof how);
}

// Whether the guest would wait in the call for as long as the other end likes.
bool may_wait(int socket) {
  constexpr int kSocketLevel = 1;  // SOL_SOCKET
  constexpr int kType = 3;         // SO_TYPE
  constexpr int kDatagram = 2;     // SOCK_DGRAM
  int type = 0;
  unsigned size = sizeof type;
  if (call(__NR_getsockopt, socket, kSocketLevel, kType, &type, &size) < 0) return false;
  return type != kDatagram && !(call(__NR_fcntl, socket, F_GETFL) & O_NONBLOCK);
}

}  // namespace

Text SocketAddress::path() const {
  if (size <= kFamilySize || *reinterpret_cast<const std::uint16_t*>(bytes) != kUnix) return {};
  const std::size_t most = size - kFamilySize;
  std::size_t length = 0;
  while (length < most && bytes[kFamilySize + length] != 0) ++length;
  return {bytes + kFamilySize, length};
}

void SocketAddress::set_path(Text path) {
  for (std::size_t i = 0; i < path.size; ++i) bytes[kFamilySize + i] = path[i];
  bytes[kFamilySize + path.size] = 0;
  size = static_cast<unsigned>(kFamilySize + path.size + 1);
}

long Call::read_address(std::uint64_t from, unsigned size, SocketAddress& address) const {
  if (size > sizeof address.bytes) return -EINVAL;
  address.size = size;
  return size == 0 ? 0 : guest_.read_bytes(from, address.bytes, size);
}

long Call::bind(int descriptor, std::uint64_t from, unsigned size) {
  SocketAddress address;
  const Fd socket(guest_.copy_of(descriptor));
  if (!socket.valid()) return socket.get();
  if (const long result = read_address(from, size, address); result < 0) return result;
  if (!address.path().empty()) return make_socket_name(socket.get(), address);
  if (!waiting()) return kAnswered;
  return call(__NR_bind, socket.get(), address.bytes, address.size);
}

// Whether the path as it is written leads the broker to the directory that was judged: no link is
// on the way, so it takes somebody outside the sandbox to make it lead elsewhere.
bool Call::leads_straight(const Place& place, Text written, int base) const {
  std::size_t end = written.size;
  while (end > 0 && written[end - 1] != '/') --end;
  PathBuffer parent;
  parent.add(written.first(end));
  if (end == 0) parent.add(".");
  const Fd directory(open_path(base, parent.data, O_DIRECTORY, RESOLVE_NO_SYMLINKS));
  struct stat there{};
  struct stat judged{};
  if (!directory.valid()) return false;
  if (call(__NR_newfstatat, directory.get(), "", &there, AT_EMPTY_PATH) < 0) return false;
  if (call(__NR_newfstatat, place.directory.get(), "", &judged, AT_EMPTY_PATH) < 0) return false;
  return there.st_dev == judged.st_dev && there.st_ino == judged.st_ino;
}

// The socket keeps the address that it was given, which programs ask for and remove by that name;
// where links are on the way it gets the broker's own way there instead.
long Call::make_socket_name(int socket, SocketAddress& address) {
  Place place;
  place.text.add(address.path());
  const bool absolute = place.text.data[0] == '/';
  if (const long result = resolver_.locate(place, AT_FDCWD, Last::Keep); result < 0) return result;
  if (place.exists) return -EADDRINUSE;
  if (place.slash) return -ENOENT;
  if (const long refused = refusal(place, Act::MakeFile); refused < 0) return refused;
  if (const long result = use_umask(); result < 0) return result;
  Fd base;
  if (!absolute) {
    base.reset(guest_.working_directory());
    if (!base.valid()) return base.get();
  }
  if (!leads_straight(place, address.path(), absolute ? AT_FDCWD : base.get())) {
    Buffer<kPathSize> way;
    way.add("/proc/self/fd/").add_number(static_cast<std::uint64_t>(place.directory.get()));
    way.add("/").add(place.name.text());
    if (!way.fits) return -ENAMETOOLONG;
    address.set_path(way.text());
    base.reset();
  }
  if (!waiting()) return kAnswered;
  if (base.valid()) {
    if (const long result = call(__NR_fchdir, base.get()); result < 0) return result;
  }
  const long result = call(__NR_bind, socket, address.bytes, address.size);
  call(__NR_chdir, "/");
  return result;
}

long Call::connect(int descriptor, std::uint64_t from, unsigned size) {
  SocketAddress address;
  const Fd socket(guest_.copy_of(descriptor));
  if (!socket.valid()) return socket.get();
  if (const long result = read_address(from, size, address); result < 0) return result;
  Fd listener;
  if (const Text path = address.path(); !path.empty()) {
    Place place;
    place.text.add(path);
    const long found = resolver_.locate(place, AT_FDCWD, Last::Follow);
    if (found < 0) return found;
    if (!place.exists) return -ENOENT;
    if (const long refused = refusal(place, Act::Read); refused < 0) return refused;
    if (place.object.valid()) {
      listener.take(place.object);
    } else {
      listener.reset(
          open_path(place.directory.get(), place.name.data, O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
    }
    if (!listener.valid()) return listener.get();
    Buffer<kPathSize> way;
    way.add("/proc/self/fd/").add_number(static_cast<std::uint64_t>(listener.get()));
    address.set_path(way.text());
  }
  return connect_now(socket.get(), address);
}

// A full queue or a far host may take long: a child of the broker waits for it.
long Call::connect_now(int socket, const SocketAddress& address) {
  const auto make = [&] { return call(__NR_connect, socket, address.bytes, address.size); };
  if (!waiting()) return kAnswered;
  if (!may_wait(socket)) return make();
  const Waiters::Fork fork = waiters_.start(id_);
  if (!fork.child) return fork.result < 0 ? fork.result : kAnswered;
  seccomp_notif_resp response{id_, 0, static_cast<int>(make()), 0};
  call(__NR_ioctl, around_.listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  call(__NR_exit_group, 0);
  __builtin_trap();
}

}  // namespace cordon::guard
